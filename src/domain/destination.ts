import type { Event, EventType } from "./event.ts";

/** The part of a destination's configuration that decides which events it gets, and in which order. */
export interface Subscriber {
  name: string;
  /** Event types with `*` for any run of characters, such as `document.*`. */
  events: readonly string[];
  /** `document`: the events of one document are sent in order; `none`: each is sent on its own. */
  ordering: "document" | "none";
  /**
   * The period in milliseconds whose events go together in one post, all in the order recorded; absent: each
   * event is posted on its own.
   */
  batch?: number | undefined;
  /** Restricts `events` further; absent: it does not. */
  filter?: Filter | undefined;
  /** Whether the destination's format has words for the event; absent: for every event. */
  supports?: ((event: Event) => boolean) | undefined;
}

/** The reason of a pause by configuration. Only the configuration ends it. */
export const PAUSED_BY_CONFIGURATION = "the configuration says `paused: true`";

/**
 * Conditions on an event's origin and document. One entry of each list must match, with `*` as above; absent:
 * all match.
 */
export interface Filter {
  sources?: readonly string[] | undefined;
  channels?: readonly string[] | undefined;
  /** Matches no document without tags, and no unknown document. */
  tags?: readonly string[] | undefined;
  /** By name: patterns, one of which the document's reference of that name must match. */
  references?: Readonly<Record<string, readonly string[]>> | undefined;
  /** true: only documents made in the provider's test mode; false: all but those; absent: all. */
  test?: boolean | undefined;
}

/** Whether the destination gets this event. */
export function wants(subscriber: Pick<Subscriber, "events" | "filter" | "supports">, event: Event): boolean {
  return asksFor(subscriber, event) && (subscriber.supports?.(event) ?? true);
}

/**
 * Whether the destination asks for this event, whatever its format can express. The type `unknown` is asked
 * for by name or by `*`.
 */
export function asksFor({ events, filter }: Pick<Subscriber, "events" | "filter">, event: Event): boolean {
  return asksForType(events, event.type) && passes(filter, event);
}

export function asksForType(events: Subscriber["events"], type: EventType): boolean {
  return matchesAny(events, type);
}

function passes(filter: Filter | undefined, { source, channel, document }: Event): boolean {
  const { sources, channels, tags, references = {}, test } = filter ?? {};
  if (sources && !matchesAny(sources, source)) return false;
  if (channels && !matchesAny(channels, channel)) return false;
  if (test !== undefined && test !== (document?.test === true)) return false;
  if (tags && !document?.tags.some((tag) => matchesAny(tags, tag))) return false;
  return Object.entries(references).every(([name, patterns]) => {
    const value = new Map(Object.entries(document?.references ?? {})).get(name);
    return value !== undefined && matchesAny(patterns, value);
  });
}

function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matches(pattern, text));
}

/** From left to right, each part at the first place where it fits: linear, without backtracking. */
function matches(pattern: string, text: string): boolean {
  const [first = "", ...parts] = pattern.split("*");
  const last = parts.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first) || !text.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return from <= text.length - last.length;
}

/** The lane of all deliveries to a destination that gets batches. Other lanes have a slash. */
export const BATCH_LANE = "batch";

const MAX_BATCH_GRACE_MS = 5_000;

/**
 * When the batch is due of an event that was received at that moment, both in milliseconds since 1970: a
 * moment after the end of its period, so that what was received in it is on disk by then.
 */
export function batchDueAt(receivedAt: number, period: number): number {
  const end = (Math.floor(receivedAt / period) + 1) * period;
  return end + Math.min(MAX_BATCH_GRACE_MS, Math.floor(period / 12));
}

/**
 * The ordering key of an event: its document's, or the signer's own while the document is not known; null:
 * none.
 */
export function laneOf(subscriber: Pick<Subscriber, "ordering" | "batch">, event: Event): string | null {
  if (subscriber.batch !== undefined) return BATCH_LANE;
  if (subscriber.ordering === "none") return null;
  if (event.document) return documentLane(event.source, event.document.id);
  if (event.signer) return signerLane(event.source, event.signer.id);
  return null;
}

export function documentLane(source: string, document: string): string {
  return `${source}/document/${document}`;
}

export function signerLane(source: string, signer: string): string {
  return `${source}/signer/${signer}`;
}
