import { formatMoment } from "../../domain/moment.ts";
import { formatDuration } from "../../domain/quantity.ts";
import { type Html, html } from "../html.ts";

/** Moments, milliseconds since 1970: relative in the page, absolute beside it, in a tooltip and in print. */

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** `5 min ago`, `in 2 h`, `now`. */
export function relative(at: number, now: number): string {
  const distance = Math.abs(at - now);
  const [unit, size] = UNITS.find(([, size]) => distance >= size) ?? ["s", 0];
  if (size === 0) return "now";
  const text = `${Math.floor(distance / size)} ${unit}`;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** How long ago or ahead it is, with the moment itself for those who point at it or print. */
export function when(at: number, now: number): Html {
  if (!isDate(at)) return html`<span class="note">no date (${at})</span>`;
  return html`<time datetime="${new Date(at).toISOString()}" title="${formatMoment(at)} UTC" data-relative>${relative(at, now)}</time>`;
}

/** The moment itself, to the second. */
export function moment(at: number): Html {
  if (!isDate(at)) return html`<span class="note">no date (${at})</span>`;
  return html`<time datetime="${new Date(at).toISOString()}" data-absolute>${formatMoment(at)}</time>`;
}

/** The moment, and how long ago or ahead it is. */
export function momentAndWhen(at: number, now: number): Html {
  return html`${moment(at)} <span class="note beside">(${when(at, now)})</span>`;
}

/** How long something took: whole seconds, at least one. */
export function lasted(milliseconds: number): string {
  return formatDuration(Math.max(1_000, Math.round(milliseconds / 1_000) * 1_000));
}

const MAX_DATE = 8.64e15;

function isDate(at: number): boolean {
  return Math.abs(at) <= MAX_DATE;
}
