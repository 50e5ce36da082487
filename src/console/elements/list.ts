import { plural } from "../../domain/quantity.ts";
import { type Html, html } from "../html.ts";
import { type ListPath, MAX_VIEW_NAME_LENGTH, type SavedView } from "../saved-views.ts";
import type { Fields, Visit } from "../screen.ts";
import { actionForm, addressOf, type Choice, filters } from "./form.ts";
import { foreign } from "./text.ts";

/** What lists have around their rows. */

/**
 * The filters of a list with what goes with them: views that were saved, saving this one, and the rows as a
 * file. `kept`: what the address has besides.
 */
export async function listHead(
  visit: Visit,
  path: ListPath,
  { choices, given, kept = {} }: { choices: readonly Choice[]; given: Fields; kept?: Fields },
): Promise<Html> {
  const views = (await visit.views.all()).filter((one) => one.path === path);
  const query = queryOf(visit);
  const isKnown = query === "" || views.some((one) => one.query === query);
  return html`${filters(path, choices, given, kept)}
<div class="views">
${views.length > 0 && html`<nav aria-label="Saved views"><ul>${views.map((one) => html`<li>${linkTo(one, query)}</li>`)}</ul></nav>`}
${!isKnown && visit.caller.right === "act" && saveForm(path, query, visit)}
${views.length > 0 && html`<a class="subtle" href="/views">All saved views</a>`}
<a class="subtle" href="${downloadOf(path)}${query === "" ? "" : `?${query}`}" download>Download as CSV</a>
</div>`;
}

/** What an address asks for, without the place in the list. */
function queryOf({ address }: Visit): string {
  return addressOf(address, { cursor: null }).split("?")[1] ?? "";
}

/** Where the rows of a list are, as a file. */
export function downloadOf(path: ListPath): string {
  return `${path}.csv`;
}

function linkTo({ path, name, query }: SavedView, current: string): Html {
  return html`<a href="${path}?${query}"${query === current && html` aria-current="page"`}>${foreign(name)}</a>`;
}

function saveForm(path: ListPath, query: string, visit: Visit): Html {
  const more = html`<label><span>Name, for everybody</span><input type="text" name="name" required maxlength="${MAX_VIEW_NAME_LENGTH}" autocomplete="off"></label>`;
  const form = actionForm(
    { action: "/views", fields: { path, query }, button: "Save this view", more },
    visit,
  );
  return html`<details><summary>Save this view</summary>${form}</details>`;
}

/** `3 documents`, or `at least 50 documents` where there are more pages. */
export function countOf(count: number, next: string | null, noun: string): string {
  return `${next === null ? "" : "at least "}${plural(count, noun)}`;
}

/** The way to the next page of a list; null: this is the last. */
export function pager(
  visit: Visit,
  page: { next: string | null; searched: number | null },
  noun: string,
): Html {
  const { next, searched } = page;
  const first = visit.query.cursor !== undefined;
  if (next === null && !first) return html``;
  return html`<nav class="pager" aria-label="Pages">
${first && html`<a href="${addressOf(visit.address, { cursor: null })}">First page</a>`}
${searched !== null && html`<span class="note">${searched.toLocaleString("en")} ${noun} were looked at.</span>`}
${next !== null && html`<a rel="next" href="${addressOf(visit.address, { cursor: next })}">${searched === null ? "Next page" : "Search on"}</a>`}
</nav>`;
}
