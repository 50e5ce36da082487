import { setImmediate } from "node:timers/promises";
import type { DocumentSituation, UnknownWord } from "../concern/situation.ts";
import { DAY_MS } from "../concern/words.ts";
import type { Document } from "../domain/document.ts";
import { EVENT_TYPES, type Event, type EventType } from "../domain/event.ts";
import type { Gap } from "../domain/gaps.ts";
import type { Store } from "../store/store.ts";
import { newestOf } from "./pages.ts";

/** What is known of documents that may need a person, and of words that no mapping has. */

const MAX_UNDER_WAY = 20_000;
/** Of each source and kind. */
const MAX_WITH_GAP = 1_000;

/** The newest of the documents that were sent and have not ended. */
export async function documentsUnderWay(store: Pick<Store, "findDocuments">): Promise<DocumentSituation[]> {
  const found: DocumentSituation[] = [];
  for (const status of ["sent", "in_progress"] as const) {
    const fetch = (page: Parameters<typeof store.findDocuments>[1]) => store.findDocuments({ status }, page);
    found.push(...(await newestOf(fetch, MAX_UNDER_WAY)).map(toSituation));
  }
  return found;
}

/** What a source must tell before it can be missed. */
const TOLD_BY: Readonly<Record<Gap, readonly EventType[]>> = {
  pdf: ["document.downloadable"],
  sent: ["document.sent", "signer.sent"],
  signature: ["signer.signed"],
};
/** A month after their end, missing events are no news. */
const NEWS_MS = 31 * DAY_MS;

/** The newest of the completed documents of which something was not told that the source usually tells. */
export async function documentsWithGaps(
  store: Pick<Store, "findDocuments">,
  source: string,
  tells: ReadonlySet<EventType>,
  now: number,
): Promise<DocumentSituation[]> {
  const found = new Map<string, DocumentSituation>();
  for (const [gap, types] of Object.entries(TOLD_BY) as [Gap, readonly EventType[]][]) {
    if (!types.some((type) => tells.has(type))) continue;
    const fetch = (page: Parameters<typeof store.findDocuments>[1]) =>
      store.findDocuments({ source, gap }, page);
    for (const document of await newestOf(fetch, MAX_WITH_GAP))
      if (gap === "pdf" || now - document.statusAt < NEWS_MS) found.set(document.id, toSituation(document));
  }
  return [...found.values()];
}

/** One that an earlier version recorded counts as sent when it came to its status, at the latest. */
function toSituation(document: Document): DocumentSituation {
  const { source, id, status, statusAt, expiresAt, downloadable, signers, told = null } = document;
  const times = [statusAt, ...signers.map((signer) => signer.statusAt)].filter((at) => at > 0);
  return {
    ...{ source, id, status, statusAt, expiresAt, downloadable, signers, told },
    firstAt: document.firstAt ?? Math.min(...times, document.newest),
    sentAt: document.sentAt ?? (told === null && statusAt > 0 ? statusAt : null),
  };
}

/** A type counts as usual where it came this often, the last times in so many weeks. */
const USUAL = 3;
const USUAL_MS = 8 * 7 * DAY_MS;

export async function usualTypes(
  store: Pick<Store, "findEvents">,
  source: string,
  now: number,
): Promise<ReadonlySet<EventType>> {
  const usual = new Set<EventType>();
  for (const type of EVENT_TYPES) {
    const { items } = await store.findEvents({ source, type }, { limit: USUAL, order: "newest" });
    const last = items[USUAL - 1];
    if (last && now - Date.parse(last.recordedAt) < USUAL_MS) usual.add(type);
    await setImmediate();
  }
  return usual;
}

const MAX_EVENTS = 1_000;
/** A word that has not come for longer is no news. */
const WORDS_MS = 30 * DAY_MS;

export async function unknownWords(store: Pick<Store, "findEvents">, now: number): Promise<UnknownWord[]> {
  const range = { type: "unknown", from: now - WORDS_MS };
  const events = await newestOf((page) => store.findEvents(range, page), MAX_EVENTS);
  const words = Map.groupBy(events, ({ source, code }) =>
    JSON.stringify([source, code.object, wordOf(code)]),
  );
  return [...words.values()].flatMap((some) => {
    const [newest, first] = [some[0], some.at(-1)];
    if (!newest || !first) return [];
    const { source, code } = newest;
    return {
      ...{ source, word: wordOf(code), object: code.object, count: some.length },
      first: Date.parse(first.recordedAt),
      newest: Date.parse(newest.recordedAt),
    };
  });
}

function wordOf({ value, name }: Event["code"]): string {
  return value ?? name ?? "";
}
