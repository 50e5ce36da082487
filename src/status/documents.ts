import type { DocumentSituation, UnknownWord } from "../concern/situation.ts";
import type { Document } from "../domain/document.ts";
import type { Event, EventType } from "../domain/event.ts";
import type { Store } from "../store/store.ts";

/** What is known of documents under way, and of words that no mapping has. */

const PAGE = 1_000;
const MAX_DOCUMENTS = 20_000;

/** The documents that were sent and have not ended, the newest of them. */
export async function lookAtDocuments(store: Pick<Store, "findDocuments">): Promise<DocumentSituation[]> {
  const documents: DocumentSituation[] = [];
  for (const status of ["sent", "in_progress"] as const) {
    let cursor: string | undefined;
    do {
      const page = await store.findDocuments({ status }, { cursor, limit: PAGE, order: "newest" });
      documents.push(...page.items.map(toSituation));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined && documents.length < MAX_DOCUMENTS);
  }
  return documents;
}

/** A document counts as sent when it came to its status, at the latest. */
function toSituation(document: Document): DocumentSituation {
  const { source, id, status, statusAt, expiresAt, downloadable, signers } = document;
  const times = [statusAt, ...signers.map((signer) => signer.statusAt)].filter((at) => at > 0);
  return {
    ...{ source, id, status, statusAt, expiresAt, downloadable, signers },
    firstAt: Math.min(...times, document.newest),
    sentAt: statusAt > 0 ? statusAt : null,
    told: [],
  };
}

/** A type counts as usual once it came this often among the newest events. */
const USUAL = 3;

export async function usualTypes(
  store: Pick<Store, "findEvents">,
  source: string,
): Promise<ReadonlySet<EventType>> {
  const { items } = await store.findEvents({ source }, { limit: PAGE, order: "newest" });
  const counts = Map.groupBy(items, ({ type }) => type);
  return new Set([...counts].flatMap(([type, events]) => (events.length >= USUAL ? [type] : [])));
}

/** A word that has not come for longer is no news. */
const WORDS_MS = 30 * 86_400_000;

export async function unknownWords(store: Pick<Store, "findEvents">, now: number): Promise<UnknownWord[]> {
  const range = { type: "unknown", from: now - WORDS_MS };
  const { items } = await store.findEvents(range, { limit: PAGE, order: "newest" });
  const words = Map.groupBy(items, ({ source, code }) => JSON.stringify([source, code.object, wordOf(code)]));
  return [...words.values()].flatMap((events) => {
    const [newest, first] = [events[0], events.at(-1)];
    if (!newest || !first) return [];
    const { source, code } = newest;
    return {
      ...{ source, word: wordOf(code), object: code.object, count: events.length },
      first: Date.parse(first.recordedAt),
      newest: Date.parse(newest.recordedAt),
    };
  });
}

function wordOf({ value, name }: Event["code"]): string {
  return value ?? name ?? "";
}
