import type { Channel } from "../../inbound/channel.ts";
import type { FileProblem } from "../../yaml.ts";
import { attribute, type Content, type Html, html } from "../html.ts";
import type { PastedMapping } from "../pasted.ts";
import type { Fields, Visit } from "../screen.ts";
import { hidden } from "./form.ts";
import { table } from "./table.ts";
import { tabs } from "./tabs.ts";
import { foreign, sentence } from "./text.ts";

/** What the pages of the mapping bench share. */

export function benchTabs(current: "/bench" | "/bench/diff" | "/bench/words"): Html {
  const all = [
    ["One request", "/bench"],
    ["Days of requests", "/bench/diff"],
    ["Words of the tables", "/bench/words"],
  ] as const;
  return tabs(
    "The bench",
    all.map(([name, href]) => ({ name, href, isCurrent: href === current })),
  );
}

export function select(
  name: string,
  label: string,
  options: readonly (readonly [value: string, label: string])[],
  current: string,
): Html {
  return html`<label><span>${label}</span><select name="${name}">${options.map(([value, text]) => html`<option value="${value}"${attribute("selected", value === current)}>${text}</option>`)}</select></label>`;
}

/** A text of many lines; `rows` are shown. */
export function textarea(name: string, label: Content, value: string, rows: number): Html {
  // A line break after the tag is no part of the value.
  return html`<label><span>${label}</span><textarea name="${name}" rows="${rows}" spellcheck="false" autocomplete="off">
${value}</textarea></label>`;
}

/** Goes on where a page of the bench ended. `kept`: its cursor, and what was found so far. */
export function goOnForm(action: string, kept: Fields, button: string): Html {
  return html`<form class="action" method="post" action="${action}">
${hidden(kept)}
<button>${button}</button></form>`;
}

/** The configured sources, each once, with a channel that shows the mapping. */
export function sourcesOf({ parts }: Visit): Map<string, Channel> {
  const sources = new Map<string, Channel>();
  for (const channel of parts.config().channels)
    if (!sources.has(channel.source)) sources.set(channel.source, channel);
  return sources;
}

/** What is wrong with a pasted mapping, line by line. */
export function mistakesOf({ text, problems }: PastedMapping): Html {
  const lines = text.split("\n");
  return table<FileProblem>(
    "Mistakes in the pasted mapping",
    [
      { heading: "what is wrong", isName: true, cell: ({ message }) => sentence(message, 500) },
      { heading: "line", isFigure: true, cell: ({ line }) => line },
      {
        heading: "is",
        cell: ({ line }) => html`<code class="lines">${foreign((lines[line - 1] ?? "").trim(), 160)}</code>`,
      },
    ],
    problems.slice(0, MAX_MISTAKES),
  );
}

const MAX_MISTAKES = 50;
