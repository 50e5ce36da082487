import type { Draft } from "../domain/draft.ts";
import { happeningOf } from "../domain/draft.ts";
import { EVENT_TYPES, type EventType } from "../domain/event.ts";
import { bytesColumn, type Column, numbersColumn, wordsColumn } from "./columns.ts";
import { FACT_FIELDS, FIELDS, withoutFormat } from "./facts.ts";
import { hashOf, longHashOf } from "./hash.ts";
import { createListedSigners, subjectKey } from "./links.ts";
import { createRequestList, type ReadRequest } from "./request-list.ts";
import { sortRows } from "./sort.ts";

/**
 * All that was told over the compared channels, a row for each telling, in about 40 bytes: of texts only
 * hashes are kept. A row's request and its place among the request's drafts lead back to the whole.
 */
export interface Ledger {
  /** Adds a request with its drafts, in the order received. */
  add(request: ReadRequest, drafts: readonly Draft[]): void;
  readonly tellings: number;
  readonly requests: number;
  /** The rows by subject, type, channel and time: those of one subject follow one another. */
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
  /** Of one subject: whether both are of one type. An unknown word is part of its subject. */
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
  /** Of the rows that name no document: each with one that names the document of the same signer. */
  naming(rows: readonly number[]): ReadonlyMap<number, number>;
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

/** `fields`: those that may be compared, a bit for each of `FIELDS`; no others are remembered. */
export function createLedger(fields: number): Ledger {
  const rows = {
    high: wordsColumn(),
    low: wordsColumn(),
    type: bytesColumn(),
    channel: bytesColumn(),
    flags: bytesColumn(),
    time: numbersColumn(),
    document: wordsColumn(),
    facts: wordsColumn(),
  };
  const requests = createRequestList();
  /** The first row of each request, or where it would be. */
  const firstRows = wordsColumn();
  /** For each row: the fields stated, a hash of how they are written, then a hash of each. */
  const facts = wordsColumn();
  const listed = createListedSigners();

  const hasFacts = (fields & ~DOCUMENT) !== 0;
  const factsOf = (row: number) => (hasFacts ? rows.facts.at(row) : 0);
  // Of a telling that states nothing to compare.
  for (const zero of [0, 0]) facts.push(zero);

  function addDraft(draft: Draft, { channel, receivedAt }: ReadRequest): void {
    const { object, objectId, distinct } = happeningOf(draft);
    const { name, value } = draft.code;
    const word = draft.type === "unknown" ? JSON.stringify([name, value]) : "";
    const [high, low] = longHashOf(`${object}:${objectId}${word}`);
    rows.high.push(high);
    rows.low.push(low);
    rows.type.push(TYPE_NUMBERS.get(draft.type) ?? 0);
    rows.channel.push(channel);
    rows.flags.push((distinct === "" ? UNIQUE : 0) | (draft.time === null ? 0 : TIMED));
    rows.time.push(draft.time ?? receivedAt);
    rows.document.push(draft.document ? hashOf(draft.document.id) || 1 : 0);
    if (hasFacts) rows.facts.push(addFacts(draft, fields, facts));
    listed.add(draft, rows.type.length - 1);
  }

  const { high, low, type, channel, time, flags, document } = rows;
  const requestOf = (row: number) => lastAtMost(firstRows, row);
  return {
    add(read, drafts) {
      requests.push(read);
      firstRows.push(type.length);
      for (const draft of drafts) addDraft(draft, read);
    },
    get tellings() {
      return type.length;
    },
    get requests() {
      return requests.length;
    },
    sorted: () =>
      sortRows(
        type.length,
        high.at,
        (a, b) =>
          low.at(a) - low.at(b) ||
          type.at(a) - type.at(b) ||
          channel.at(a) - channel.at(b) ||
          time.at(a) - time.at(b) ||
          a - b,
      ),
    row(row) {
      const request = requestOf(row);
      return { request, draft: row - firstRows.at(request) };
    },
    channelOf: channel.at,
    typeOf: (row) => EVENT_TYPES[type.at(row)] ?? "unknown",
    timeOf: time.at,
    receivedAt: (row) => requests.receivedAt(requestOf(row)),
    documentOf: document.at,
    isUnique: (row) => (flags.at(row) & UNIQUE) !== 0,
    isTimed: (row) => (flags.at(row) & TIMED) !== 0,
    isSameSubject: (a, b) => high.at(a) === high.at(b) && low.at(a) === low.at(b),
    isSameKind: (a, b) => type.at(a) === type.at(b),
    statedBy: (row) => facts.at(factsOf(row)) | (document.at(row) === 0 ? 0 : DOCUMENT),
    differences(a, b) {
      const [one, other] = [document.at(a), document.at(b)];
      const isElsewhere = one !== 0 && other !== 0 && one !== other;
      return differencesOf(facts, factsOf(a), factsOf(b)) | (isElsewhere ? DOCUMENT : 0);
    },
    differsInWriting(a, b) {
      const [one, other] = [factsOf(a), factsOf(b)];
      return facts.at(one) === facts.at(other) && facts.at(one + 1) !== facts.at(other + 1);
    },
    request: requests.at,
    arrival: (index) => ({
      channel: requests.channelOf(index),
      receivedAt: requests.receivedAt(index),
    }),
    naming(asked) {
      const keyOf = (row: number) => subjectKey(high.at(row), low.at(row));
      const wanted = new Set(asked.filter((row) => document.at(row) === 0).map(keyOf));
      if (wanted.size === 0) return new Map();
      const found = listed.find(wanted);
      for (let row = 0; row < type.length && found.size < wanted.size; row++)
        if (document.at(row) !== 0 && wanted.has(keyOf(row))) found.set(keyOf(row), row);
      return new Map(
        asked.flatMap((row) => {
          const naming = document.at(row) === 0 ? found.get(keyOf(row)) : undefined;
          return naming === undefined ? [] : [[row, naming] as const];
        }),
      );
    },
  };
}

/** The last index whose value is at most this; values never fall, and the first is 0. */
function lastAtMost(column: Column, value: number): number {
  let [low, high] = [0, column.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (column.at(middle) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** The document that a telling names has a column of its own. */
const DOCUMENT = 1 << FACT_FIELDS.indexOf("document.id");

/** Where the facts of the draft begin. */
function addFacts(draft: Draft, fields: number, facts: Column): number {
  let stated = 0;
  let writing = 0;
  const hashes: number[] = [];
  const compared = fields & ~DOCUMENT;
  for (let bit = 0; bit < FIELDS.length; bit++) {
    const value = compared & (1 << bit) ? (FIELDS[bit]?.read(draft) ?? null) : null;
    if (value === null) continue;
    stated |= 1 << bit;
    writing = Math.imul(writing, 31) + hashOf(value);
    hashes.push(hashOf(withoutFormat(value)));
  }
  if (stated === 0) return 0;
  const begin = facts.length;
  facts.push(stated >>> 0);
  facts.push(writing >>> 0);
  for (const hash of hashes) facts.push(hash);
  return begin;
}

function differencesOf(facts: Column, a: number, b: number): number {
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
