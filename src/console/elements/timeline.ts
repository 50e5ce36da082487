import { inert } from "../../domain/inert.ts";
import { formatMoment } from "../../domain/moment.ts";
import { type Html, html } from "../html.ts";

/**
 * What happened, in lanes: one of the document and one of each signer. A mark stands at the provider's time;
 * a hollow one where its report arrived clearly later. The distance between two moments grows with the
 * logarithm of the time between them, so that seconds and weeks both can be seen.
 */

export interface Mark {
  /** As the rows of the table are numbered. */
  label: number;
  href: string;
  lane: number;
  /** Milliseconds since 1970. */
  at: number;
  arrivedAt: number;
  isLate: boolean;
  /** What happened, and which channels told it. */
  title: string;
}

const LANE_HEIGHT = 32;
const TOP = 24;
const LEFT = 168;
/** A report that arrives within this long needs no mark of its own. */
const APART_MS = 60_000;
const MAX_LANE_NAME = 22;

/** `lanes`: their names, from the top. */
export function timeline(lanes: readonly string[], marks: readonly Mark[]): Html {
  const moments = marks.flatMap((mark) => (isApart(mark) ? [mark.at, mark.arrivedAt] : [mark.at]));
  const places = stretched(placesOf(moments));
  const placeOf = (at: number) => LEFT + (places.get(at) ?? 0);
  const days = daysOf(moments, placeOf);
  const lastMark = LEFT + Math.max(0, ...places.values()) + 40;
  const width = Math.max(lastMark, ...days.map(({ at }) => placeOf(at) + DAY_WIDTH));
  const height = TOP + lanes.length * LANE_HEIGHT + 4;
  const name = `${marks.length} events in the order of their times; the table below has the same`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Timeline"><svg class="timeline" role="group" aria-label="${name}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${days.map(({ at, text }) => html`<text class="day" x="${placeOf(at) - 6}" y="12">${text}</text>`)}
${lanes.map((lane, index) => laneOf(lane, index, width))}
${apartInLane(marks, placeOf).map(({ mark, x }) => markOf(mark, x, isApart(mark) ? placeOf(mark.arrivedAt) : null))}
</svg></div>`;
}

function isApart({ at, arrivedAt }: Mark): boolean {
  return Math.abs(arrivedAt - at) > APART_MS;
}

/** The place of each moment, from 0. */
function placesOf(moments: readonly number[]): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  let x = 12;
  let before: number | null = null;
  for (const at of [...new Set(moments)].sort((a, b) => a - b)) {
    if (before !== null) x += Math.min(96, 20 + 9 * Math.log10(1 + (at - before) / 1_000));
    places.set(at, Math.round(x));
    before = at;
  }
  return places;
}

/** A short timeline takes the width of the page, or three times its own. */
function stretched(places: ReadonlyMap<number, number>): ReadonlyMap<number, number> {
  const last = Math.max(1, ...places.values());
  const factor = Math.max(1, Math.min(3, PAGE_WIDTH / last));
  return new Map([...places].map(([at, x]) => [at, Math.round(x * factor)]));
}

const PAGE_WIDTH = 780;

/** The first moment of each day, where there is room for its label. */
function daysOf(moments: readonly number[], placeOf: (at: number) => number): { at: number; text: string }[] {
  const days = new Map<string, number>();
  let free = 0;
  for (const at of [...moments].sort((a, b) => a - b)) {
    const day = formatMoment(at).slice(0, 10);
    if (days.has(day) || placeOf(at) < free) continue;
    days.set(day, at);
    free = placeOf(at) + DAY_WIDTH;
  }
  return [...days].map(([text, at]) => ({ at, text }));
}

const DAY_WIDTH = 76;

/** Marks of one lane and moment stand beside each other. */
function apartInLane(marks: readonly Mark[], placeOf: (at: number) => number) {
  const taken = new Map<string, number>();
  return marks.map((mark) => {
    const key = `${mark.lane}/${mark.at}`;
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return { mark, x: placeOf(mark.at) + before * 14 };
  });
}

function laneOf(name: string, index: number, width: number): Html {
  const y = TOP + index * LANE_HEIGHT + LANE_HEIGHT / 2;
  const characters = [...inert(name)];
  const shown =
    characters.length > MAX_LANE_NAME
      ? `${characters.slice(0, MAX_LANE_NAME - 1).join("")}…`
      : characters.join("");
  return html`<text class="lane" x="0" y="${y + 4}">${shown}</text><line class="base" x1="${LEFT}" x2="${width}" y1="${y}" y2="${y}"/>`;
}

function markOf({ label, href, lane, isLate, title }: Mark, x: number, arrival: number | null): Html {
  const y = TOP + lane * LANE_HEIGHT + LANE_HEIGHT / 2;
  const arrived =
    arrival !== null &&
    html`<line class="lag" x1="${x}" x2="${arrival}" y1="${y}" y2="${y}"/><circle class="arrival" cx="${arrival}" cy="${y}" r="4"/>`;
  const kind = isLate ? "mark late" : "mark";
  return html`${arrived}<a href="${href}"><title>${inert(title)}</title>
<circle class="${kind}" cx="${x}" cy="${y}" r="6"/><text class="label" x="${x}" y="${y - 9}">${label}</text></a>`;
}
