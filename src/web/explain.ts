import type { EventHistory } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { createFindBlocking, type DeliveryParts, type FindBlocking } from "./explain-advice.ts";
import type { Sentence } from "./explain-delivery.ts";
import {
  accountForDeliveries,
  accountForDuplicates,
  accountForEvent,
  accountForOrigin,
  accountForReceipt,
  accountForRejection,
  accountForShadow,
  inOrder,
  nameEvent,
} from "./explain-sentences.ts";
import {
  adviseOnOlder,
  type Summary,
  summarizeDelivery,
  summarizeDocument,
  summarizeEvent,
  summarizeReceipt,
  summarizeRejection,
  summarizeShadow,
} from "./explain-summary.ts";

export interface Explanation {
  id: string;
  /** What the id names. */
  what: "event" | "delivery" | "receipt" | "rejection" | "document";
  /** In short lines. */
  summary: Summary;
  /** The full account, oldest first; what is so now comes last. */
  sentences: readonly Sentence[];
}

export interface ExplainParts extends DeliveryParts {
  store: Pick<
    Store,
    | "findBlocking"
    | "findEvent"
    | "findEvents"
    | "findDelivery"
    | "findDocuments"
    | "findReceipt"
    | "findRejection"
    | "findShadow"
  >;
}

interface Parts extends ExplainParts {
  findBlocking: FindBlocking;
}

/** How many events of a document or a receipt are explained at most. */
const MAX_EVENTS = 100;
const MAX_EVENTS_PER_PAGE = 1_000;
/** How many sources with a document of the same id are named at most. */
const MAX_DOCUMENTS = 10;

/**
 * What happened to an event, a delivery, a receipt, a refused request or a document; null: nothing has the
 * id.
 */
export async function explain(id: string, given: ExplainParts): Promise<Explanation | null> {
  const parts = { ...given, findBlocking: createFindBlocking(given.store) };
  if (id.startsWith("evt_")) return explainEvent(id, parts);
  if (id.startsWith("dlv_")) return explainDelivery(id, parts);
  if (id.startsWith("rcp_")) return explainReceipt(id, parts);
  if (id.startsWith("rej_")) return explainRejection(id, parts);
  return explainDocument(id, parts);
}

async function explainEvent(id: string, parts: Parts): Promise<Explanation | null> {
  const history = await parts.store.findEvent(id);
  if (!history) return explainShadow(id, parts);
  const sentences = [...accountForOrigin(history), ...(await deliveriesOf(history, parts))];
  return { id, what: "event", summary: await summarizeEvent(history, parts), sentences: inOrder(sentences) };
}

async function explainShadow(id: string, { store }: Parts): Promise<Explanation | null> {
  const shadow = await store.findShadow(id);
  if (shadow.length === 0) return null;
  const summary = summarizeShadow(id, shadow);
  return { id, what: "event", summary, sentences: accountForShadow(shadow) };
}

async function explainDelivery(id: string, parts: Parts): Promise<Explanation | null> {
  const delivery = await parts.store.findDelivery(id);
  const history = delivery && (await parts.store.findEvent(delivery.event));
  if (!history) return null;
  const only = { ...history, deliveries: history.deliveries.filter((one) => one.id === id) };
  const sentences = [...accountForOrigin(history), ...(await deliveriesOf(only, parts))];
  const summary = await summarizeDelivery(id, only, parts);
  return { id, what: "delivery", summary, sentences: inOrder(sentences) };
}

async function explainReceipt(id: string, parts: Parts): Promise<Explanation | null> {
  const receipt = await parts.store.findReceipt(id);
  if (!receipt) return null;
  const ids = [...receipt.events, ...receipt.duplicates];
  const histories = await historiesOf(ids.slice(0, MAX_EVENTS), parts);
  const fresh = new Set(receipt.events);
  const accounts = await Promise.all(
    histories.map(async (history) =>
      fresh.has(history.event.id)
        ? [accountForEvent(history.event), ...(await deliveriesOf(history, parts))]
        : [{ at: receipt.receivedAt, text: `It reported ${nameEvent(history.event)} again.` }],
    ),
  );
  const more = Math.max(0, ids.length - MAX_EVENTS);
  const summary = await summarizeReceipt(receipt, { histories, more }, parts);
  const sentences = [...accountForReceipt(receipt), ...accounts.flat()];
  return { id, what: "receipt", summary, sentences: inOrder(sentences) };
}

async function explainRejection(id: string, { store }: Parts): Promise<Explanation | null> {
  const found = await store.findRejection(id);
  if (!found) return null;
  return { id, what: "rejection", summary: summarizeRejection(found), sentences: accountForRejection(found) };
}

async function explainDocument(id: string, parts: Parts): Promise<Explanation | null> {
  const { items: documents } = await parts.store.findDocuments({ id }, { limit: MAX_DOCUMENTS });
  const { ids, older } = await newestEvents(id, parts);
  if (documents.length + ids.length === 0) return null;
  const histories = await historiesOf(ids, parts);
  const accounts = await Promise.all(
    histories.map(async (history) => [
      accountForEvent(history.event),
      ...accountForShadow(history.shadow),
      ...accountForDuplicates(history),
      ...(await deliveriesOf(history, parts)),
    ]),
  );
  const summary = await summarizeDocument({ id, documents, histories, older }, parts);
  const bounds = older > 0 ? [{ at: null, text: adviseOnOlder(id, older, histories.length) }] : [];
  return { id, what: "document", summary, sentences: [...inOrder(accounts.flat()), ...bounds] };
}

/** The ids of a document's newest events in the order recorded, and how many there are before them. */
async function newestEvents(document: string, { store }: Parts): Promise<{ ids: string[]; older: number }> {
  let ids: string[] = [];
  let passed = 0;
  let cursor: string | undefined;
  do {
    const page = await store.findEvents({ document }, { limit: MAX_EVENTS_PER_PAGE, cursor });
    passed += page.items.length;
    ids = [...ids, ...page.items.map((event) => event.id)].slice(-MAX_EVENTS);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return { ids, older: passed - ids.length };
}

async function historiesOf(ids: readonly string[], { store }: Parts): Promise<EventHistory[]> {
  const found = await Promise.all(ids.map((id) => store.findEvent(id)));
  return found.filter((history) => history !== null);
}

function deliveriesOf(history: EventHistory, parts: Parts): Promise<Sentence[]> {
  return accountForDeliveries(history, parts, parts.findBlocking);
}
