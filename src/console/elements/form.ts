import { attribute, type Content, type Html, html } from "../html.ts";
import type { Fields, Visit } from "../screen.ts";

/** Forms that filter a list by its address, and forms that change something by a POST with a reason. */

export interface Choice {
  name: string;
  label: string;
  /** Absent: a text. */
  options?: readonly (readonly [value: string, label: string])[];
  placeholder?: string;
  /** `/` on the keyboard goes there. */
  isSearch?: boolean;
}

const SPANS = {
  "1h": "in the last hour",
  "1d": "in the last day",
  "7d": "in the last 7 days",
  "30d": "in the last 30 days",
} as const;

/** A list's `since`. */
export function sinceChoice(
  label: string,
  spans: readonly (keyof typeof SPANS)[] = ["1h", "1d", "7d"],
): Choice {
  return { name: "since", label, options: spans.map((one) => [one, SPANS[one]]) };
}

export function sourceChoice({ parts }: Visit): Choice {
  const sources = parts.config().channels.map(({ source }) => source);
  return { name: "source", label: "Source", options: eachOnce(sources) };
}

/** Source and channel. */
export function channelChoices(visit: Visit): [Choice, Choice] {
  const names = visit.parts.config().channels.map(({ name }) => name);
  return [sourceChoice(visit), { name: "channel", label: "Channel", options: eachOnce(names) }];
}

function eachOnce(names: readonly string[]): (readonly [string, string])[] {
  return [...new Set(names)].map((one) => [one, one]);
}

/**
 * The filters of a list. Without a script the button sends them; with one each change does. `kept`: what the
 * address has besides.
 */
export function filters(path: string, choices: readonly Choice[], query: Fields, kept: Fields = {}): Html {
  return html`<form class="filters" method="get" action="${path}" role="search" aria-label="Filter" data-filters>
${hidden(kept)}
${choices.map((choice) => html`<label><span>${choice.label}</span>${input(choice, query[choice.name] ?? "")}</label>`)}
<button>Filter</button>${isFiltered(choices, query) && html` <a href="${addressOf(path, kept)}">Show all</a>`}
</form>`;
}

export function isFiltered(choices: readonly Choice[], query: Fields): boolean {
  return choices.some(({ name }) => (query[name] ?? "") !== "");
}

function input({ name, options, placeholder = "", isSearch = false }: Choice, value: string): Html {
  if (options)
    return html`<select name="${name}"><option value="">all</option>${options.map(([key, label]) => html`<option value="${key}"${attribute("selected", key === value)}>${label}</option>`)}</select>`;
  const type = isSearch ? "search" : "text";
  return html`<input type="${type}" name="${name}" value="${value}" placeholder="${placeholder}"${isSearch && html` data-search`} autocomplete="off" spellcheck="false">`;
}

interface ActionForm {
  /** The path of the action. */
  action: string;
  /** What the action takes beside the reason. */
  fields: Fields;
  /** The button: what happens, in the imperative. */
  button: string;
  /** Inputs between the fields and the reason. */
  more?: Content;
}

/** A form that changes something. Nothing for those who may only look: a sentence says so instead. */
export function actionForm({ action, fields, button, more = null }: ActionForm, { caller }: Visit): Html {
  if (caller.right !== "act")
    return html`<p class="note">Your token may look and not change anything: “${button}” needs one with the right to act.</p>`;
  return html`<form class="action" method="post" action="${action}">
${hidden(fields)}
${more}
<label><span>Reason, kept in the audit</span><input type="text" name="reason" required maxlength="500" autocomplete="off"></label>
<button>${button}</button>
</form>`;
}

/** Fields that a form sends and nobody sees. */
export function hidden(fields: Fields): Html[] {
  return Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
}

/** The address with these parameters set, or removed where they are null or empty. */
export function addressOf(
  address: string,
  changes: Readonly<Record<string, string | null | undefined>>,
): string {
  const [path = "/", query = ""] = address.split("?");
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") parameters.delete(name);
    else parameters.set(name, value.toWellFormed());
  }
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
