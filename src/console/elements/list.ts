import { plural } from "../../domain/quantity.ts";
import { type Html, html } from "../html.ts";
import type { Visit } from "../screen.ts";
import { addressOf } from "./form.ts";

/** What lists have around their rows. */

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
