import type { Attempt, Delivery, ParkReason } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import { formatDuration } from "../domain/quantity.ts";
import { type Rejection, summarize } from "../domain/receipt.ts";
import type { DestinationState, EventHistory, ReceiptSummary, Store } from "../store/store.ts";

/** One thing that happened, or is so. */
export interface Sentence {
  /** When, milliseconds since 1970; null for what is so now. */
  at: number | null;
  text: string;
}

export interface Explanation {
  id: string;
  /** What the id names. */
  what: "event" | "delivery" | "receipt" | "rejection" | "document";
  /** Oldest first; what is so now comes last. */
  sentences: readonly Sentence[];
}

export interface ExplainParts {
  store: Pick<Store, "findEvent" | "findEvents" | "findDelivery" | "findReceipt" | "findRejections">;
  /** How each configured destination is. */
  states(): readonly DestinationState[];
  /** Milliseconds since 1970. */
  now(): number;
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

async function explainEvent(id: string, { store, states, now }: ExplainParts): Promise<Explanation | null> {
  const history = await store.findEvent(id);
  if (!history) return null;
  return {
    id,
    what: "event",
    sentences: inOrder([...tellOrigin(history), ...tellDeliveries(history, states(), now())]),
  };
}

async function explainDelivery(
  id: string,
  { store, states, now }: ExplainParts,
): Promise<Explanation | null> {
  const delivery = await store.findDelivery(id);
  const history = delivery && (await store.findEvent(delivery.event));
  if (!history) return null;
  const only = { ...history, deliveries: history.deliveries.filter((one) => one.id === id) };
  return {
    id,
    what: "delivery",
    sentences: inOrder([...tellOrigin(history), ...tellDeliveries(only, states(), now())]),
  };
}

async function explainReceipt(id: string, { store, states, now }: ExplainParts): Promise<Explanation | null> {
  const receipt = await store.findReceipt(id);
  if (!receipt) return null;
  const told = await histories([...receipt.events, ...receipt.duplicates], store);
  const fresh = new Set(receipt.events);
  const sentences = told.flatMap((history) => {
    const again = fresh.has(history.event.id)
      ? []
      : [{ at: receipt.receivedAt, text: `It told ${name(history.event)} again.` }];
    return [
      ...again,
      ...(again.length > 0 ? [] : [tellBecoming(history.event), ...tellDeliveries(history, states(), now())]),
    ];
  });
  return { id, what: "receipt", sentences: inOrder([...tellReceipt(receipt), ...sentences]) };
}

/** So many are looked through at a time. */
const REJECTIONS_PAGE = 100;

async function explainRejection(id: string, { store }: ExplainParts): Promise<Explanation | null> {
  let cursor: string | undefined;
  do {
    const { items, next } = await store.findRejections({}, { cursor, limit: REJECTIONS_PAGE });
    const found = items.find((rejection) => rejection.id === id);
    if (found) return { id, what: "rejection", sentences: tellRejection(found) };
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return null;
}

function tellRejection({ id, source, channel, receivedAt: at, reason, body, shown }: Rejection): Sentence[] {
  const length = shown.cutFrom ?? body?.length;
  const size = length === undefined ? "" : `, with ${length} bytes,`;
  const again =
    body === null || shown.cutFrom !== undefined
      ? "Not all of its body is kept, so it cannot be checked again: the provider would have to send it once more."
      : "It is kept whole: once what was wrong is put right, `countersign reread --rejected` takes it in.";
  return [
    { at, text: `Request ${id} came from ${source} over ${channel}${size} and was refused: ${reason}.` },
    { at: null, text: again },
  ];
}

async function explainDocument(
  id: string,
  { store, states, now }: ExplainParts,
): Promise<Explanation | null> {
  const { items } = await store.findEvents({ document: id }, { limit: MOST_EVENTS });
  if (items.length === 0) return null;
  const told = await histories(
    items.map((event) => event.id),
    store,
  );
  const sentences = told.flatMap((history) => [
    tellBecoming(history.event),
    ...tellRepeats(history),
    ...tellDeliveries(history, states(), now()),
  ]);
  return { id, what: "document", sentences: inOrder(sentences) };
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

function tellRepeats({ retold }: EventHistory): Sentence[] {
  return retold.map(({ at, channel, receipt }) => ({
    at,
    text: `Told again over ${channel} by receipt ${receipt}; nothing was forwarded for that.`,
  }));
}

function tellDeliveries(
  { event, deliveries }: EventHistory,
  states: readonly DestinationState[],
  now: number,
): Sentence[] {
  if (deliveries.length === 0) return [{ at: null, text: `No destination asked for ${name(event)}.` }];
  return deliveries.flatMap((delivery) => [
    ...delivery.history.map((attempt) => tellAttempt(delivery, attempt)),
    {
      at: null,
      text: tellState(
        delivery,
        states.find(({ name }) => name === delivery.destination),
        now,
      ),
    },
  ]);
}

function tellAttempt({ destination, event }: Delivery, attempt: Attempt): Sentence {
  const { number, startedAt: at, duration, cause, status, answer } = attempt;
  const outcome = cause === "answered" ? `was answered with ${status}` : `got no answer (${cause})`;
  const words = answer ? `: ${JSON.stringify(answer.slice(0, 200))}` : "";
  return {
    at,
    text: `Try ${number} to send ${event} to ${destination} ${outcome} after ${duration} ms${words}.`,
  };
}

const WHY_PARKED: Readonly<Record<ParkReason, string>> = {
  schedule_exhausted: "its schedule has run out",
  gone: "the destination answered 410 Gone",
  destination_removed: "the destination is no longer configured",
};

/** How it stands now, and what comes next or why nothing does. */
function tellState(delivery: Delivery, state: DestinationState | undefined, now: number): string {
  const { destination, event, status, reason, dueAt } = delivery;
  if (status === "delivered") return `${event} is delivered to ${destination}.`;
  if (status === "parked") {
    const why = reason ? WHY_PARKED[reason] : "of an unknown reason";
    return `${event} is parked for ${destination}, because ${why}; \`countersign replay --destination ${destination}\` sends what is parked again.`;
  }
  if (state?.paused) {
    const since = new Date(state.paused.at).toISOString();
    return `${event} waits, because ${destination} is paused since ${since} (${state.paused.reason}); \`countersign resume ${destination}\` lets it go on.`;
  }
  if (status === "held")
    return `${event} waits until the one before it of the same document is delivered to ${destination} or parked.`;
  if (state?.breaker?.probeAt != null) {
    return `${event} waits, because ${destination} failed ${state.breaker.failures} times in a row; the next probe is due at ${moment(state.breaker.probeAt, now)}.`;
  }
  return `The next try to send ${event} to ${destination} is due at ${moment(dueAt ?? now, now)}.`;
}

function moment(at: number, now: number): string {
  const left = Math.round((at - now) / 1_000) * 1_000;
  return `${new Date(at).toISOString()} (${left > 0 ? `in ${formatDuration(left)}` : "now"})`;
}

function inOrder(sentences: readonly Sentence[]): Sentence[] {
  return sentences.toSorted(
    (a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY) || 0,
  );
}
