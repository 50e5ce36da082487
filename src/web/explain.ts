import type { Event } from "../domain/event.ts";
import { type Rejection, summarize } from "../domain/receipt.ts";
import type { EventHistory, ReceiptSummary } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { type DeliveryParts, type Sentence, tellDelivery } from "./explain-delivery.ts";

export interface Explanation {
  id: string;
  /** What the id names. */
  what: "event" | "delivery" | "receipt" | "rejection" | "document";
  /** Oldest first; what is so now comes last. */
  sentences: readonly Sentence[];
}

export interface ExplainParts extends DeliveryParts {
  store: Pick<
    Store,
    "findBlocking" | "findEvent" | "findEvents" | "findDelivery" | "findReceipt" | "findRejection"
  >;
}

/** At most so many events of a document or receipt are told of. */
const MOST_EVENTS = 100;

/** What happened to an event, a delivery, a receipt, a refused request or a document, in plain sentences; null when nothing has this id. */
export async function explain(id: string, parts: ExplainParts): Promise<Explanation | null> {
  if (id.startsWith("evt_")) return explainEvent(id, parts);
  if (id.startsWith("dlv_")) return explainDelivery(id, parts);
  if (id.startsWith("rcp_")) return explainReceipt(id, parts);
  if (id.startsWith("rej_")) return explainRejection(id, parts);
  return explainDocument(id, parts);
}

async function explainEvent(id: string, parts: ExplainParts): Promise<Explanation | null> {
  const history = await parts.store.findEvent(id);
  if (!history) return null;
  const sentences = [...tellOrigin(history), ...(await tellDeliveries(history, parts))];
  return { id, what: "event", sentences: inOrder(sentences) };
}

async function explainDelivery(id: string, parts: ExplainParts): Promise<Explanation | null> {
  const delivery = await parts.store.findDelivery(id);
  const history = delivery && (await parts.store.findEvent(delivery.event));
  if (!history) return null;
  const only = { ...history, deliveries: history.deliveries.filter((one) => one.id === id) };
  const sentences = [...tellOrigin(history), ...(await tellDeliveries(only, parts))];
  return { id, what: "delivery", sentences: inOrder(sentences) };
}

async function explainReceipt(id: string, parts: ExplainParts): Promise<Explanation | null> {
  const receipt = await parts.store.findReceipt(id);
  if (!receipt) return null;
  const told = await histories([...receipt.events, ...receipt.duplicates], parts.store);
  const fresh = new Set(receipt.events);
  const sentences = await Promise.all(
    told.map(async (history) =>
      fresh.has(history.event.id)
        ? [tellBecoming(history.event), ...(await tellDeliveries(history, parts))]
        : [{ at: receipt.receivedAt, text: `It told ${name(history.event)} again.` }],
    ),
  );
  return { id, what: "receipt", sentences: inOrder([...tellReceipt(receipt), ...sentences.flat()]) };
}

async function explainRejection(id: string, { store }: ExplainParts): Promise<Explanation | null> {
  const found = await store.findRejection(id);
  return found && { id, what: "rejection", sentences: tellRejection(found) };
}

function tellRejection({ id, source, channel, receivedAt: at, reason, body, shown }: Rejection): Sentence[] {
  const length = shown.cutFrom ?? body?.length;
  const size = length === undefined ? "" : `, with ${length} bytes,`;
  const again =
    body === null || shown.cutFrom !== undefined
      ? "Not all of its body is kept, so it cannot be checked again: the provider would have to send it once more."
      : "It is kept whole: once what was wrong is put right, `countersign reprocess --rejected` takes it in.";
  return [
    { at, text: `Request ${id} came from ${source} over ${channel}${size} and was refused: ${reason}.` },
    { at: null, text: again },
  ];
}

async function explainDocument(id: string, parts: ExplainParts): Promise<Explanation | null> {
  const { items } = await parts.store.findEvents({ document: id }, { limit: MOST_EVENTS });
  if (items.length === 0) return null;
  const ids = items.map((event) => event.id);
  const sentences = await Promise.all(
    (await histories(ids, parts.store)).map(async (history) => [
      tellBecoming(history.event),
      ...tellRepeats(history),
      ...(await tellDeliveries(history, parts)),
    ]),
  );
  return { id, what: "document", sentences: inOrder(sentences.flat()) };
}

async function histories(ids: readonly string[], store: ExplainParts["store"]): Promise<EventHistory[]> {
  const found = await Promise.all(ids.slice(0, MOST_EVENTS).map((id) => store.findEvent(id)));
  return found.filter((history) => history !== null);
}

function tellOrigin(history: EventHistory): Sentence[] {
  const { event, receipt } = history;
  return [...(receipt ? tellReceipt(receipt) : []), tellBecoming(event), ...tellRepeats(history)];
}

function tellReceipt(receipt: ReceiptSummary): Sentence[] {
  const { id, source, channel, receivedAt: at, verified, problems, size } = receipt;
  const checked =
    verified === "none"
      ? "was not checked, as the configuration says"
      : `was found genuine by ${verified.replaceAll("+", " and ")}`;
  const sentences = [
    {
      at,
      text: `Receipt ${id}: ${size} bytes came from ${source} over ${channel}, and the request ${checked}.`,
    },
  ];
  const problem = summarize(problems);
  if (problem !== null) sentences.push({ at, text: `Not all of it could be read: ${problem}.` });
  if (receipt.events.length + receipt.duplicates.length === 0)
    sentences.push({ at, text: "No event came of it." });
  return sentences;
}

function tellBecoming(event: Event): Sentence {
  const { code, document, sequence, late, provenance } = event;
  const said = [code.object, code.value].filter((part) => part !== null).join(" ");
  const meaning = code.meaning === null ? "" : ` (${code.meaning})`;
  const about = document
    ? `number ${sequence} of document ${document.id}, which was then ${document.status ?? "in no known status"}`
    : "of no known document";
  const lateness = late ? ", told late: something newer was known" : "";
  const text = `It said “${said}”${meaning}; by ${provenance.mapping} that is ${name(event)}, ${about}${lateness}.`;
  return { at: Date.parse(event.recordedAt), text };
}

function name({ id, type }: Event): string {
  return `${type} (${id})`;
}

function tellRepeats({ duplicates }: EventHistory): Sentence[] {
  return duplicates.map(({ at, channel, receipt }) => ({
    at,
    text: `Told again over ${channel} by receipt ${receipt}; nothing was forwarded for that.`,
  }));
}

async function tellDeliveries(
  { event, deliveries }: EventHistory,
  parts: DeliveryParts,
): Promise<Sentence[]> {
  if (deliveries.length === 0) return [{ at: null, text: `No destination asked for ${name(event)}.` }];
  const told = await Promise.all(deliveries.map((delivery) => tellDelivery(delivery, parts)));
  return told.flat();
}

function inOrder(sentences: readonly Sentence[]): Sentence[] {
  return sentences.toSorted(
    (a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY) || 0,
  );
}
