import type { Draft } from "../domain/draft.ts";
import { happeningOf } from "../domain/draft.ts";
import { EVENT_TYPES, type EventType } from "../domain/event.ts";
import { isOwnSignerId } from "../domain/identity.ts";
import { bytesColumn, type Column, numbersColumn, wordsColumn } from "./columns.ts";
import { FIELDS, withoutFormat } from "./facts.ts";
import { hashOf, longHashOf } from "./hash.ts";

/** A kept request, as the ledger remembers it. */
export interface ReadRequest {
  id: string;
  /** The number of its channel in the scope. */
  channel: number;
  /** Milliseconds since 1970. */
  receivedAt: number;
}

/**
 * All that was told over the compared channels, a row for each telling, in about 60 bytes: of texts only
 * hashes are kept. A row's request and its place among the request's drafts lead back to the whole.
 */
export interface Ledger {
  /** Adds a request with its drafts, in the order received. */
  add(request: ReadRequest, drafts: readonly Draft[]): void;
  readonly tellings: number;
  readonly requests: number;
  /** The rows by subject, type, variant, channel and time: those of one subject follow one another. */
  sorted(): Uint32Array;
  row(row: number): Row;
  channelOf(row: number): number;
  typeOf(row: number): EventType;
  timeOf(row: number): number;
  receivedAt(row: number): number;
  /** A hash of the document that the telling names; 0: it names none. */
  documentOf(row: number): number;
  /** The happening occurs once, so that its time tells nothing about which one it is. */
  isUnique(row: number): boolean;
  /** The provider gave a time. */
  isTimed(row: number): boolean;
  isSameSubject(row: number, other: number): boolean;
  /** Of one subject: whether both are of one type and, of unknown words, of one word. */
  isSameKind(row: number, other: number): boolean;
  /** The fields that the telling states, a bit for each of `FIELDS`. */
  statedBy(row: number): number;
  /** The fields that both state and that differ, more than in writing. */
  differences(row: number, other: number): number;
  /** Both state the same fields, and some differ in writing alone. */
  differsInWriting(row: number, other: number): boolean;
  request(index: number): ReadRequest;
  /** The same without the id, of which no text is made. */
  arrival(index: number): Pick<ReadRequest, "channel" | "receivedAt">;
  /** Where a request first named the document of this row's signer; null: none did. */
  linkOf(row: number): Pick<Row, "request" | "draft"> | null;
}

/** Where a telling stands. */
export interface Row {
  /** The number of its request. */
  request: number;
  /** Its place among the drafts of the request. */
  draft: number;
}

const UNIQUE = 1;
const TIMED = 2;

const TYPE_NUMBERS: ReadonlyMap<EventType, number> = new Map(EVENT_TYPES.map((type, index) => [type, index]));

const ID_BYTES = 30;

/** `fields`: those that may be compared, a bit for each of `FIELDS`; no others are remembered. */
export function createLedger(fields: number): Ledger {
  const rows = {
    high: wordsColumn(),
    low: wordsColumn(),
    type: bytesColumn(),
    variant: wordsColumn(),
    channel: bytesColumn(),
    flags: bytesColumn(),
    time: numbersColumn(),
    request: wordsColumn(),
    draft: wordsColumn(),
    document: wordsColumn(),
    facts: wordsColumn(),
  };
  const requests = createRequests();
  /** For each row: the fields stated, a hash of how they are written, then a hash of each. */
  const facts = wordsColumn();
  const links = createLinks();

  function addDraft(draft: Draft, place: number, { channel, receivedAt }: ReadRequest): void {
    const { object, objectId, distinct } = happeningOf(draft);
    const [high, low] = longHashOf(`${object}:${objectId}`);
    rows.high.push(high);
    rows.low.push(low);
    rows.type.push(TYPE_NUMBERS.get(draft.type) ?? 0);
    rows.variant.push(
      draft.type === "unknown" ? hashOf(JSON.stringify([draft.code.name, draft.code.value])) : 0,
    );
    rows.channel.push(channel);
    rows.flags.push((distinct === "" ? UNIQUE : 0) | (draft.time === null ? 0 : TIMED));
    rows.time.push(draft.time ?? receivedAt);
    rows.request.push(requests.length - 1);
    rows.draft.push(place);
    rows.document.push(draft.document ? hashOf(draft.document.id) || 1 : 0);
    rows.facts.push(facts.length);
    addFacts(draft, fields, facts);
    links.add(draft, rows.type.length - 1, object === "signer" ? { id: objectId, high, low } : null);
  }

  const { high, low, type, variant, channel, time, request, flags } = rows;
  return {
    add(read, drafts) {
      requests.push(read);
      for (const [place, draft] of drafts.entries()) addDraft(draft, place, read);
    },
    get tellings() {
      return type.length;
    },
    get requests() {
      return requests.length;
    },
    sorted() {
      const order = new Uint32Array(type.length).map((_, index) => index);
      const [highs, lows, types, variants] = [high.values(), low.values(), type.values(), variant.values()];
      const [channels, times] = [channel.values(), time.values()];
      const by = (of: ArrayLike<number>, a: number, b: number) => (of[a] ?? 0) - (of[b] ?? 0);
      return order.sort(
        (a, b) =>
          by(highs, a, b) ||
          by(lows, a, b) ||
          by(types, a, b) ||
          by(variants, a, b) ||
          by(channels, a, b) ||
          by(times, a, b) ||
          a - b,
      );
    },
    row: (index) => ({ request: request.at(index), draft: rows.draft.at(index) }),
    channelOf: channel.at,
    typeOf: (row) => EVENT_TYPES[type.at(row)] ?? "unknown",
    timeOf: time.at,
    receivedAt: (row) => requests.receivedAt(request.at(row)),
    documentOf: rows.document.at,
    isUnique: (row) => (flags.at(row) & UNIQUE) !== 0,
    isTimed: (row) => (flags.at(row) & TIMED) !== 0,
    isSameSubject: (a, b) => high.at(a) === high.at(b) && low.at(a) === low.at(b),
    isSameKind: (a, b) => type.at(a) === type.at(b) && variant.at(a) === variant.at(b),
    statedBy: (row) => facts.at(rows.facts.at(row)),
    differences: (a, b) => differencesOf(facts, rows.facts.at(a), rows.facts.at(b)),
    differsInWriting(a, b) {
      const [one, other] = [rows.facts.at(a), rows.facts.at(b)];
      return facts.at(one) === facts.at(other) && facts.at(one + 1) !== facts.at(other + 1);
    },
    request: requests.at,
    arrival: requests.arrival,
    linkOf(row) {
      const found = links.of(high.at(row), low.at(row));
      return found === undefined ? null : { request: request.at(found), draft: rows.draft.at(found) };
    },
  };
}

function addFacts(draft: Draft, fields: number, facts: Column<Uint32Array>): void {
  let stated = 0;
  let writing = 0;
  const hashes: number[] = [];
  for (let bit = 0; bit < FIELDS.length; bit++) {
    const value = fields & (1 << bit) ? (FIELDS[bit]?.read(draft) ?? null) : null;
    if (value === null) continue;
    stated |= 1 << bit;
    writing = Math.imul(writing, 31) + hashOf(value);
    hashes.push(hashOf(withoutFormat(value)));
  }
  facts.push(stated >>> 0);
  facts.push(writing >>> 0);
  for (const hash of hashes) facts.push(hash);
}

function differencesOf(facts: Column<Uint32Array>, a: number, b: number): number {
  const [statedByA, statedByB] = [facts.at(a), facts.at(b)];
  const common = statedByA & statedByB;
  if (common === 0) return 0;
  let different = 0;
  let [inA, inB] = [a + 2, b + 2];
  for (let bit = 0; bit < FIELDS.length; bit++) {
    const mask = 1 << bit;
    if (common & mask && facts.at(inA) !== facts.at(inB)) different |= mask;
    if (statedByA & mask) inA += 1;
    if (statedByB & mask) inB += 1;
  }
  return different;
}

/** Ids, one after the other in bytes: a million texts would take three times as much. */
function createRequests() {
  let ids = Buffer.alloc(1_024 * ID_BYTES);
  const channels = bytesColumn();
  const times = numbersColumn();
  return {
    get length() {
      return times.length;
    },
    push({ id, channel, receivedAt }: ReadRequest) {
      const at = times.length * ID_BYTES;
      if (at + ID_BYTES > ids.length) ids = Buffer.concat([ids], Math.ceil(ids.length * 1.5));
      ids.write(id.padEnd(ID_BYTES), at, ID_BYTES, "latin1");
      channels.push(channel);
      times.push(receivedAt);
    },
    receivedAt: times.at,
    arrival: (index: number) => ({ channel: channels.at(index), receivedAt: times.at(index) }),
    at: (index: number): ReadRequest => ({
      id: ids.toString("latin1", index * ID_BYTES, (index + 1) * ID_BYTES).trimEnd(),
      channel: channels.at(index),
      receivedAt: times.at(index),
    }),
  };
}

/** Which row named a signer's document first. A signer without an id of the provider's is named after it. */
function createLinks() {
  const rowsBySigner = new Map<number, number>();
  const keyOf = (high: number, low: number) => (high & 0x1fffff) * 2 ** 32 + low;
  return {
    /** `known`: a signer whose id has been hashed. */
    add(
      { document, signer, signers }: Draft,
      row: number,
      known: { id: string; high: number; low: number } | null,
    ) {
      if (!document) return;
      const addOne = (id: string) => {
        if (isOwnSignerId(id)) return;
        const key = known?.id === id ? keyOf(known.high, known.low) : keyOf(...longHashOf(`signer:${id}`));
        if (!rowsBySigner.has(key)) rowsBySigner.set(key, row);
      };
      if (signer) addOne(signer.id);
      for (const { id } of signers) addOne(id);
    },
    of: (high: number, low: number) => rowsBySigner.get(keyOf(high, low)),
  };
}
