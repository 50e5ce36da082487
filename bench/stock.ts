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

/**
 * What a store holds that has been in use for a while: the bench's posts from number 0 on, as the bridge
 * itself would have read them.
 */
export interface Stock {
  events: number;
  /**
   * Of so many of the newest documents the last delivery has not been tried yet; all others are delivered, at
   * the first try.
   */
  pending: number;
}

/** Rows of the tables that are filled, together what came of some posts. */
export interface Load {
  receipts: Rows["receipts"][];
  documents: Rows["documents"][];
  events: Rows["events"][];
  deliveries: Rows["deliveries"][];
}

/**
 * How long ago the first post came, in milliseconds; the last came a moment ago. Shorter than anything is
 * kept.
 */
const SPAN = 60 * 86_400_000;
/** So many documents are in a load. */
const LOAD = 250;

interface Reader {
  channel: Channel;
  subscribers: readonly Subscriber[];
}

/** All of it, load by load. */
export function* loadsOf(stock: Stock, now: number, reader: Reader): Generator<Load> {
  const documents = Math.ceil(stock.events / EVENTS_PER_DOCUMENT);
  const timeOf = (number: number) => Math.floor(now - SPAN + (SPAN * number) / stock.events);
  for (let first = 0; first < documents; first += LOAD) {
    const load: Load = { receipts: [], documents: [], events: [], deliveries: [] };
    for (let document = first; document < Math.min(documents, first + LOAD); document++)
      addLife(load, document, { waits: document >= documents - stock.pending, timeOf, reader });
    yield load;
  }
}

interface Life {
  /** Its last delivery is pending. */
  waits: boolean;
  timeOf(number: number): number;
  reader: Reader;
}

/** Positions are those of the posts, since each tells one event for one destination. */
function addLife(load: Load, number: number, { waits, timeOf, reader }: Life): void {
  const known = new Map<string, Document>();
  let changedAt = 0;
  for (let step = 0; step < EVENTS_PER_DOCUMENT; step++) {
    const post = number * EVENTS_PER_DOCUMENT + step;
    const recording = recordingOf(post, timeOf(post), reader);
    const unfolded = recording.resolve({
      documents: known,
      links: new Map(),
      events: new Map(),
      merged: new Map(),
      candidates: new Map(),
    });
    for (const document of unfolded.documents) known.set(document.id, document);
    changedAt = recording.receipt.receivedAt;
    addReceipt(load, post + 1, recording, unfolded);
    addEvent(load, post + 1, recording, unfolded, waits && step === EVENTS_PER_DOCUMENT - 1);
  }
  for (const document of known.values()) load.documents.push({ position: number + 1, document, changedAt });
}

function recordingOf(number: number, receivedAt: number, { channel, subscribers }: Reader): RecordRequest {
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
  waits: boolean,
): void {
  if (!one || !delivery) throw new Error("a post told no event");
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
  const startedAt = receipt.receivedAt + 5;
  const attempt = {
    number: 1,
    startedAt,
    duration: 12,
    cause: "answered",
    status: 200,
    answer: "ok",
  } as const;
  load.deliveries.push({
    position,
    delivery: waits ? delivery : { ...delivery, status: "delivered", attempts: 1, dueAt: null },
    token: null,
    recordedAt: receipt.receivedAt,
    history: waits ? [] : [{ ...attempt, retryAfter: null }],
  });
}
