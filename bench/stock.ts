import type { Subscriber } from "../src/domain/destination.ts";
import type { Document } from "../src/domain/document.ts";
import { receiptId } from "../src/domain/identity.ts";
import type { Resolution } from "../src/domain/resolve.ts";
import type { Channel } from "../src/inbound/channel.ts";
import { decode } from "../src/inbound/decode.ts";
import { interpret } from "../src/inbound/interpret.ts";
import { openRequest } from "../src/inbound/open-request.ts";
import type { RawRequest } from "../src/inbound/request.ts";
import { verify } from "../src/inbound/verify.ts";
import type { RecordRequest } from "../src/store/port/inbox.ts";
import type { Rows } from "../src/store/rows.ts";
import { createPost, EVENTS_PER_DOCUMENT } from "./posts.ts";

/** The rows of a store after long use: the posts from number 0 on, read by the bridge's own code. */
export interface Stock {
  events: number;
  /**
   * The number of the newest documents whose last delivery is pending; all others are delivered at the first
   * attempt.
   */
  pending: number;
  /** The number of the oldest documents whose last delivery is parked after an attempt without an answer. */
  parked?: number;
  /** The number of documents, spread over all, that are shown as sent although they have all their events. */
  underWay?: number;
}

/** The rows of some posts, in all tables that are filled. */
export interface Load {
  receipts: Rows["receipts"][];
  documents: Rows["documents"][];
  events: Rows["events"][];
  deliveries: Rows["deliveries"][];
}

/** The age of the first post; the last one is new. Shorter than every retention. */
const SPAN_MS = 60 * 86_400_000;
const DOCUMENTS_PER_LOAD = 250;

interface Reader {
  channel: Channel;
  subscribers: readonly Subscriber[];
}

/** The whole stock, load by load. */
export function* loadsOf(stock: Stock, now: number, reader: Reader): Generator<Load> {
  const documents = Math.ceil(stock.events / EVENTS_PER_DOCUMENT);
  const timeOf = (number: number) => Math.floor(now - SPAN_MS + (SPAN_MS * number) / stock.events);
  for (let first = 0; first < documents; first += DOCUMENTS_PER_LOAD) {
    const load: Load = { receipts: [], documents: [], events: [], deliveries: [] };
    for (let document = first; document < Math.min(documents, first + DOCUMENTS_PER_LOAD); document++)
      addDocument(load, document, { ...fateOf(document, documents, stock), timeOf, reader });
    yield load;
  }
}

/** What became of a document and of its last delivery. */
interface Fate {
  last: "pending" | "parked" | "delivered";
  isUnderWay: boolean;
}

function fateOf(document: number, documents: number, { pending, parked = 0, underWay = 0 }: Stock): Fate {
  const last = document >= documents - pending ? "pending" : document < parked ? "parked" : "delivered";
  return { last, isUnderWay: underWay > 0 && document % Math.floor(documents / underWay) === 0 };
}

interface DocumentOptions extends Fate {
  timeOf(number: number): number;
  reader: Reader;
}

/** Positions are those of the posts, since each reports one event for one destination. */
function addDocument(load: Load, number: number, options: DocumentOptions): void {
  const { last, isUnderWay, timeOf, reader } = options;
  const known = new Map<string, Document>();
  let changedAt = 0;
  for (let step = 0; step < EVENTS_PER_DOCUMENT; step++) {
    const post = number * EVENTS_PER_DOCUMENT + step;
    const request = recordRequestOf(post, timeOf(post), reader);
    const resolution = request.resolve({
      documents: known,
      links: new Map(),
      events: new Map(),
      merged: new Map(),
      candidates: new Map(),
    });
    for (const document of resolution.documents) known.set(document.id, document);
    changedAt = request.receipt.receivedAt;
    addReceipt(load, post + 1, request, resolution);
    addEvent(load, post + 1, request, resolution, step === EVENTS_PER_DOCUMENT - 1 ? last : "delivered");
  }
  for (const document of known.values()) {
    const shown = isUnderWay ? { ...document, status: "sent" as const } : document;
    load.documents.push({ position: number + 1, document: shown, changedAt });
  }
}

function recordRequestOf(
  number: number,
  receivedAt: number,
  { channel, subscribers }: Reader,
): RecordRequest {
  const { body, signature } = createPost(number);
  const raw: RawRequest = {
    source: channel.source,
    channel: channel.name,
    query: new URLSearchParams(),
    pathToken: null,
    headers: {
      host: "127.0.0.1",
      "user-agent": "Lumin Sign API",
      "content-type": "application/json",
      "content-length": String(body.length),
      "x-signature": signature,
    },
    body,
    receivedAt,
  };
  const random = Buffer.alloc(10);
  random.writeUInt32BE(number);
  const request = verify(openRequest(raw, channel.rules.read), channel);
  if ("refused" in request) throw new Error(`a post was refused: ${request.refused}`);
  const parts = {
    receiptId: receiptId(receivedAt, random),
    request,
    channel,
    subscribers: () => subscribers,
  };
  const [planned] = [...interpret(decode(request, channel), parts)];
  if (!planned) throw new Error("a post could not be read");
  return planned.record;
}

function addReceipt(load: Load, position: number, { receipt }: RecordRequest, { events }: Resolution): void {
  const { body, ...rest } = receipt;
  const summary = { ...rest, size: body.length, events: events.map(({ event }) => event.id), duplicates: [] };
  load.receipts.push({ position, receipt: summary, body: Buffer.from(body).toString("base64") });
}

function addEvent(
  load: Load,
  position: number,
  { receipt }: RecordRequest,
  { events: [one], deliveries: [delivery] }: Resolution,
  fate: Fate["last"],
): void {
  if (!one || !delivery) throw new Error("a post reported no event");
  const { event, dedupeKey, coalesceKey, at } = one;
  load.events.push({
    position,
    event,
    coalesceKey,
    at,
    dedupeKeys: dedupeKey === event.id ? [] : [dedupeKey],
    channelKeys: [],
    duplicates: [],
  });
  const waits = fate === "pending";
  const reason = fate === "parked" ? ("schedule_exhausted" as const) : null;
  const result =
    fate === "parked"
      ? ({ cause: "timeout", status: null, answer: null } as const)
      : ({ cause: "answered", status: 200, answer: "ok" } as const);
  const attempt = { number: 1, startedAt: receipt.receivedAt + 5, duration: 12, ...result, retryAfter: null };
  load.deliveries.push({
    position,
    delivery: waits ? delivery : { ...delivery, status: fate, reason, attempts: 1, dueAt: null },
    token: null,
    recordedAt: receipt.receivedAt,
    history: waits ? [] : [attempt],
  });
}
