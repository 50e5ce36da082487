import { CountersignError } from "../../domain/errors.ts";
import { plural } from "../../domain/quantity.ts";
import type { Channel } from "../../inbound/channel.ts";
import { differences } from "../../inbound/compare.ts";
import { type Preview, type PreviewRequest, previewInTurns } from "../../inbound/preview.ts";
import { createTracer } from "../../mapping/trace.ts";
import { wordOf } from "../../web/input.ts";
import { benchTabs, mistakesOf, select, textarea } from "../elements/bench.ts";
import { addressOf } from "../elements/form.ts";
import { benchPage, requestPage } from "../elements/links.ts";
import { noMatch } from "../elements/notice.ts";
import { section } from "../elements/table.ts";
import { attribute, type Content, type Html, html } from "../html.ts";
import { bytesOf, type PastedMapping, readPasted, WRITTEN_AS } from "../pasted.ts";
import type { Fields, Screen, Visit } from "../screen.ts";
import { findRequest } from "../stored-request.ts";
import { differencesOf } from "./bench-differences.ts";
import { type Reading, readingOf } from "./bench-reading.ts";

/**
 * The mapping bench: what a request turns into, and which line of the mapping made each part. It stores
 * nothing.
 */

export const benchScreen: Screen = {
  path: "/bench",
  section: "bench",
  method: "post",
  async show(visit, form) {
    const fields = { ...visit.query, ...form };
    const input = await inputOf(visit, fields);
    const shown = input && (await readingsOf(input, visit, fields.next));
    return {
      title: "Mapping bench",
      sentence:
        shown?.sentence ??
        "Paste a request, or choose a kept one, to see which events a mapping makes of it.",
      body: html`${benchTabs("/bench")}
${shown?.body}
${section(shown ? "Read another, or with another mapping" : "A request", formOf(visit, fields, input))}`,
      live: false,
    };
  },
};

/** What is to be read. */
interface Input {
  channel: Channel;
  request: Omit<PreviewRequest, "mapping" | "rules">;
  /** Whether its values may be shown: what was pasted is the visitor's own. */
  showsValues: boolean;
  /** Of the kept request; null: it was pasted. */
  id: string | null;
}

async function inputOf(visit: Visit, fields: Fields): Promise<Input | null> {
  const { request: id = "", body = "" } = fields;
  if (body !== "") return pastedInput(visit, fields, body);
  return id.trim() === "" ? null : keptInput(visit, id.trim());
}

function pastedInput({ parts, now }: Visit, fields: Fields, body: string): Input {
  const { channel: wanted = "", query = "", type = "", written = "text" } = fields;
  const channel = parts.config().channels.find(({ source, name }) => `${source}/${name}` === wanted);
  if (!channel) throw new CountersignError("bad_request", "choose the channel that the request came over");
  const writtenAs = wordOf(WRITTEN_AS).parse(written);
  return {
    channel,
    request: {
      body: bytesOf(body, writtenAs),
      query: query.replace(/^\?/, ""),
      headers: type === "" ? {} : { "content-type": type },
      source: channel.source,
      receivedAt: now,
    },
    showsValues: true,
    id: null,
  };
}

async function keptInput(visit: Visit, id: string): Promise<Input> {
  const { kind, kept, channel, isWhole } = await findRequest(visit, id);
  if (!channel)
    throw new CountersignError("conflict", `${kept.source}/${kept.channel} is no longer configured`);
  if (!kept.body || !isWhole)
    throw new CountersignError("conflict", `the body of ${id} is not kept whole, so it cannot be read`);
  const { source, receivedAt, query, headers, body } = kept;
  const verified = kind === "receipt" ? { verified: kept.verified } : {};
  return {
    channel,
    request: { source, receivedAt, query, headers, body, ...verified },
    showsValues: visit.showsPersonalData,
    id,
  };
}

interface Shown {
  sentence: Content;
  body: Html;
}

async function readingsOf(input: Input, visit: Visit, pasted: string | undefined): Promise<Shown> {
  const { channel, id } = input;
  const { mapping, rules } = channel;
  const { file, text } = mapping.source;
  const present = await read(input, { mapping, rules }, createTracer(text, file, channel.name));
  const next = readPasted(pasted, mapping.provider);
  const other = next && (await readNext(input, next));
  const from = id === null ? null : html` of <a href="${requestPage(id)}">the kept request</a>`;
  const reading: Reading = { channel, present, other, showsValues: input.showsValues };
  return {
    sentence: html`${counted(present)}${from}, by <code>${mapping.digest}</code>${other && html`; ${counted(other)} by the pasted mapping`}.`,
    body: html`${!input.showsValues && html`<p>Values are hidden: <a href="${addressOf("/personal-data", { back: id === null ? "/bench" : benchPage(id) })}">show personal data</a> first.</p>`}
${next && !next.mapping && section("The pasted mapping is not good", mistakesOf(next))}
${next?.mapping && !other && html`<p>The pasted mapping has no channel <code>${channel.name}</code>.</p>`}
${other && section("What the pasted mapping changes", differencesOf(differences(id ?? "", present, other), { showsRequests: false }))}
${await readingOf(reading, visit)}`,
  };
}

function counted({ items, problems }: Preview): string {
  const events = items.reduce((sum, one) => sum + one.events.length, 0);
  return `${plural(events, "event")} and ${plural(problems.length, "problem")}`;
}

async function readNext(input: Input, { mapping, text }: PastedMapping): Promise<Preview | null> {
  const rules = mapping?.channels.get(input.channel.name);
  if (!mapping || !rules) return null;
  return read(input, { mapping, rules }, createTracer(text, "", input.channel.name));
}

function read(
  { request, channel }: Input,
  by: Pick<PreviewRequest, "mapping" | "rules">,
  trace: PreviewRequest["trace"],
): Promise<Preview> {
  return previewInTurns({ ...request, ...by, trace: trace ?? null }, channel);
}

function formOf({ parts }: Visit, fields: Fields, chosenInput: Input | null): Html {
  const { channels } = parts.config();
  const names = channels.map(({ source, name }) => `${source}/${name}`);
  const chosen = chosenInput
    ? `${chosenInput.channel.source}/${chosenInput.channel.name}`
    : (fields.channel ?? "");
  if (names.length === 0)
    return noMatch({
      what: "No channel is configured.",
      next: html`Add a source to the configuration first.`,
    });
  const { text } = chosenInput?.channel.mapping.source ?? { text: "" };
  const next = fields.next ?? (fields.edit === "present" ? text : "");
  const present = chosenInput?.id != null && addressOf(benchPage(chosenInput.id), { edit: "present" });
  const begin = present && next === "" && html`. <a href="${present}">Begin with the one in force</a>`;
  return html`<form class="bench" method="post" action="/bench">
<div class="row">
${input("request", "A kept request, by its id", "rcp_… or rej_…", fields)}
${select(
  "channel",
  "Or pasted, as if over",
  names.map((one) => [one, one]),
  chosen,
)}
${select(
  "written",
  "Written as",
  [
    ["text", "text"],
    ["base64", "base64"],
    ["hex", "hexadecimal"],
  ],
  fields.written ?? "text",
)}
${input("type", "Content type, where it matters", "multipart/form-data; boundary=…", fields)}
${input("query", "Query of the URL", "trigger=signed", fields)}
</div>
${textarea("body", "Body, instead of a kept request", fields.body ?? "", 8)}
<details${attribute("open", next !== "")}><summary>A second mapping beside the one in force</summary>
${textarea("next", html`The mapping as YAML; nothing of it is stored${begin}`, next, 16)}</details>
<button>Read it</button>
</form>`;
}

function input(name: string, label: string, placeholder: string, fields: Fields): Html {
  const value = fields[name] ?? "";
  return html`<label><span>${label}</span><input type="text" name="${name}" value="${value}"
placeholder="${placeholder}" autocomplete="off" spellcheck="false"></label>`;
}
