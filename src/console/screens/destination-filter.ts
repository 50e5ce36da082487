import type { Event } from "../../domain/event.ts";
import type { Destination } from "../../outbound/destination.ts";
import type { Store } from "../../store/store.ts";
import { whyNotWanted } from "../elements/delivery.ts";
import { section } from "../elements/table.ts";
import { foreign } from "../elements/text.ts";
import { when } from "../elements/time.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";

/** Which events a destination gets, in words, and tried on those that came last. */
export async function filterOf(destination: Destination, { parts, now }: Visit): Promise<Content> {
  const tried = await tryFilter(destination, parts.store, now);
  return section(
    "Which events it gets",
    html`<ul>${wordsOf(destination).map((line) => html`<li>${line}</li>`)}</ul>${resultOf(tried, now)}`,
  );
}

/** Each is a condition; all must be met. */
function wordsOf({ events, filter = {}, format }: Destination): Content[] {
  const { sources, channels, tags, references = {}, test } = filter;
  const isAll = events.includes("*");
  return [
    isAll ? "events of every type" : html`events whose type is ${oneOf(events)}`,
    sources && html`only from the source ${oneOf(sources)}`,
    channels && html`only over the channel ${oneOf(channels)}`,
    tags && html`only of documents with the tag ${oneOf(tags)}`,
    ...Object.entries(references).map(
      ([name, values]) =>
        html`only of documents whose reference <code>${foreign(name, 80)}</code> is ${oneOf(values)}`,
    ),
    test === true && "only of documents made in the provider’s test mode",
    test === false && "no documents made in the provider’s test mode",
    format === "lumin" && "only what the format lumin has words for",
  ].filter((line) => line !== undefined && line !== false);
}

function oneOf(patterns: readonly string[]): Content {
  return patterns.map((one, index) => html`${index > 0 && " or "}<code>${foreign(one, 80)}</code>`);
}

const TRIED = 1_000;
const FRESH_MS = 60_000;

interface Tried {
  at: number;
  count: number;
  wanted: number;
  left: Readonly<Record<"type" | "filter" | "format", number>>;
  /** When the oldest of them was recorded; null: there was none. */
  oldest: number | null;
}

/** A page that is drawn every two seconds must not read them each time. */
const remembered = new WeakMap<Destination, Promise<Tried> & { at?: number }>();

function tryFilter(destination: Destination, store: Store, now: number): Promise<Tried> {
  const known = remembered.get(destination);
  if (known?.at !== undefined && Math.abs(now - known.at) < FRESH_MS) return known;
  const found: Promise<Tried> & { at?: number } = tryOn(destination, store, now);
  found.at = now;
  remembered.set(destination, found);
  found.catch(() => remembered.delete(destination));
  return found;
}

async function tryOn(destination: Destination, store: Store, now: number): Promise<Tried> {
  const { items } = await store.findEvents({}, { limit: TRIED, order: "newest" });
  const left = { type: 0, filter: 0, format: 0 };
  for (const event of items) {
    const why = whyNotWanted(destination, event);
    if (why !== null) left[why] += 1;
  }
  const wanted = items.length - left.type - left.filter - left.format;
  const oldest = items.at(-1);
  return { at: now, count: items.length, wanted, left, oldest: oldest ? recordedAt(oldest) : null };
}

function recordedAt({ recordedAt: text }: Event): number {
  return Date.parse(text);
}

function resultOf({ count, wanted, left, oldest, at }: Tried, now: number): Content {
  if (oldest === null) return html`<p class="note">There is no event yet to try this on.</p>`;
  const figure = (number: number) => number.toLocaleString("en");
  const why = [
    ...(left.type > 0 ? [`${figure(left.type)} are of another type`] : []),
    ...(left.filter > 0 ? [`${figure(left.filter)} are filtered out`] : []),
    ...(left.format > 0 ? [`${figure(left.format)} are not in its format`] : []),
  ];
  return html`<p>Of the newest ${figure(count)} events, recorded since ${when(oldest, now)}, it would have got <strong>${figure(wanted)}</strong>${why.length > 0 && `: ${why.join(", ")}`}. <span class="note">Tried ${when(at, now)} with the configuration in force.</span></p>`;
}
