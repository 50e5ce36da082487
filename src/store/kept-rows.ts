import type { Attempt } from "../domain/delivery.ts";
import {
  type AuditRow,
  type DeliveryRow,
  type DestinationRow,
  type DocumentRow,
  type EventRow,
  type ReceiptRow,
  type RejectionRow,
  toAudit,
  toDelivery,
  toDestination,
  toDocument,
  toEvent,
  toReceipt,
  toRejection,
} from "./db-rows.ts";
import type { Duplicate } from "./port/reads.ts";
import type { Rows, Table } from "./rows.ts";

/** How what is kept (kept.ts) lies in the columns of the schema (migrations/*.sql), there and back. */

export type KeptReceiptRow = ReceiptRow & { position: number };
export type KeptDocumentRow = DocumentRow & { changed_at: number };
export type KeptEventRow = EventRow & { id: string; coalesce_key: string | null; happened_at: number };
export type KeptDeliveryRow = DeliveryRow & { position: number; token: string | null; recorded_at: number };

export interface KeptTombstoneRow {
  position: number;
  id: string;
  recorded_at: number;
}

export interface KeptLinkRow {
  source: string;
  signer_id: string;
  document_id: string;
}

export function keptReceipt(row: KeptReceiptRow): Rows["receipts"] {
  return { position: row.position, receipt: toReceipt(row), body: toBase64(row.body) };
}

export function keptRejection(row: RejectionRow): Rows["rejections"] {
  const { body, ...rejection } = toRejection(row);
  return { position: row.position, rejection, body: body && toBase64(body) };
}

export function keptDocument(row: KeptDocumentRow): Rows["documents"] {
  return { position: row.position, document: toDocument(row), changedAt: row.changed_at };
}

export function keptLink(row: KeptLinkRow): Rows["links"] {
  return { source: row.source, signer: row.signer_id, document: row.document_id };
}

type Keys = Pick<Rows["events"], "dedupeKeys" | "channelKeys">;

export function keptEvent(row: KeptEventRow, keys: Keys, duplicates: readonly Duplicate[]): Rows["events"] {
  const { position, coalesce_key: coalesceKey, happened_at: at } = row;
  return { position, event: toEvent(row), coalesceKey, at, ...keys, duplicates };
}

export function keptTombstone(
  { position, id, recorded_at: recordedAt }: KeptTombstoneRow,
  keys: Keys,
): Rows["tombstones"] {
  return { position, id, recordedAt, ...keys };
}

export function keptDelivery(row: KeptDeliveryRow, history: readonly Attempt[]): Rows["deliveries"] {
  const { position, token, recorded_at: recordedAt } = row;
  return { position, delivery: toDelivery(row), token, recordedAt, history };
}

export function keptDestination(row: DestinationRow): Rows["destinations"] {
  return { state: toDestination(row) };
}

export function keptAudit(row: AuditRow): Rows["audit"] {
  return { position: row.position, entry: toAudit(row) };
}

/** A row of the schema that is to be inserted: its table, and what goes into each column. */
export interface Insertion {
  into: string;
  row: Readonly<Record<string, string | number | Uint8Array | null>>;
}

/** All rows that one kept thing is. */
export const INSERTIONS: { readonly [T in Table]: (kept: Rows[T]) => readonly Insertion[] } = {
  receipts: ({ position, receipt, body }) => {
    const { id, source, channel, query, verified, mapping } = receipt;
    const row = {
      ...{ position, id, source, channel, received_at: receipt.receivedAt, query },
      ...{ headers: JSON.stringify(receipt.headers), body: fromBase64(body), verified, mapping },
      problems: receipt.problems.length === 0 ? null : JSON.stringify(receipt.problems),
      events: JSON.stringify(receipt.events),
      duplicates: JSON.stringify(receipt.duplicates),
    };
    return [{ into: "receipts", row }];
  },

  rejections: ({ position, rejection, body }) => {
    const { id, source, channel, receivedAt, query, reason } = rejection;
    const row = {
      ...{ position, id, source, channel, received_at: receivedAt, query, reason },
      headers: JSON.stringify(rejection.headers),
      body: body === null ? null : fromBase64(body),
      shown: JSON.stringify(rejection.shown),
    };
    return [{ into: "rejections", row }];
  },

  documents: ({ position, document, changedAt }) => {
    const { source, id, status } = document;
    const row = { position, source, id, status, state: JSON.stringify(document), changed_at: changedAt };
    return [{ into: "documents", row }];
  },

  links: ({ source, signer, document }) => [
    { into: "links", row: { source, signer_id: signer, document_id: document } },
  ],

  events: ({ position, event, coalesceKey, at, dedupeKeys, channelKeys, duplicates }) => {
    const { id, source, channel, type, document, provenance, recordedAt } = event;
    const row = {
      ...{
        position,
        id,
        source,
        channel,
        type,
        coalesce_key: coalesceKey,
        happened_at: at,
        document_id: document?.id ?? null,
      },
      ...{ receipt_id: provenance.receipt, recorded_at: Date.parse(recordedAt) },
      body: JSON.stringify(event),
    };
    const repeats = duplicates.map((one) => ({
      into: "duplicates",
      row: { event_id: id, receipt_id: one.receipt, channel: one.channel, received_at: one.at },
    }));
    return [
      { into: "events", row },
      ...insertDedupeKeys(id, dedupeKeys),
      ...insertKeys(id, channelKeys),
      ...repeats,
    ];
  },

  tombstones: ({ position, id, recordedAt, dedupeKeys, channelKeys }) => [
    { into: "tombstones", row: { position, id, recorded_at: recordedAt } },
    ...insertDedupeKeys(id, dedupeKeys),
    ...insertKeys(id, channelKeys),
  ],

  deliveries: ({ position, delivery, token, recordedAt, history }) => {
    const { id, event, destination, lane, status, reason, attempts, dueAt, replayedAfter } = delivery;
    const row = {
      ...{ position, id, event_id: event, destination, lane, status, reason, attempts, due_at: dueAt },
      ...{ token, replayed_after: replayedAfter, recorded_at: recordedAt },
    };
    return [{ into: "deliveries", row }, ...history.map((attempt) => insertAttempt(id, attempt))];
  },

  destinations: ({ state: { name, paused, breaker } }) => {
    const row = {
      name,
      paused: paused && JSON.stringify(paused),
      breaker: breaker && JSON.stringify(breaker),
    };
    return [{ into: "destinations", row }];
  },

  audit: ({ position, entry: { at, action, caller, reason, details } }) => [
    { into: "audit", row: { position, at, action, caller, reason, details: JSON.stringify(details) } },
  ],
};

function insertDedupeKeys(id: string, keys: readonly string[]): Insertion[] {
  return keys.map((key) => ({ into: "dedupe_keys", row: { key, event_id: id } }));
}

function insertKeys(event: string, keys: Rows["events"]["channelKeys"]): Insertion[] {
  return keys.map(({ key, channel, at, origin }) => ({
    into: "channel_keys",
    row: { event_id: event, key, channel, at, origin: origin && JSON.stringify(origin) },
  }));
}

function insertAttempt(delivery: string, attempt: Attempt): Insertion {
  const { number, startedAt, duration, cause, status, answer, retryAfter } = attempt;
  const row = { delivery_id: delivery, number, started_at: startedAt, duration, cause, status, answer };
  return { into: "attempts", row: { ...row, retry_after: retryAfter } };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}
