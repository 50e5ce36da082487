import { documentsIn } from "../../domain/coalesce.ts";
import type { Document } from "../../domain/document.ts";
import type { Lookup } from "../../domain/lookup.ts";
import type { Problem, Receipt, Rejection } from "../../domain/receipt.ts";
import { reconcile } from "../../domain/reconcile.ts";
import type { Known, NewEvent, Resolution } from "../../domain/resolve.ts";
import { toCandidate, toDocument, toReceipt } from "../db-rows.ts";
import type { RecordRequest, RecordResult } from "../port/inbox.ts";
import type { Statements } from "./statements.ts";

/** Keeps a request and all that comes of it. Runs inside a transaction. */
export function record(sql: Statements, recording: RecordRequest): RecordResult {
  const recorded = keep(sql, recording, new Set());
  addReceipt(sql, recording.receipt, idsOf(recorded), recorded.duplicates);
  return recorded;
}

/** Keeps what a request tells now and did not tell before. Runs inside a transaction. */
export function amend(sql: Statements, recording: RecordRequest): RecordResult {
  const { id, mapping, problems } = recording.receipt;
  const row = sql.receipt.one(id);
  const before = row ? toReceipt(row) : { events: [], duplicates: [] };
  const recorded = keep(sql, recording, new Set([...before.events, ...before.duplicates]));
  const events = [...before.events, ...idsOf(recorded)];
  const duplicates = [...before.duplicates, ...recorded.duplicates];
  sql.mendReceipt.run(mapping, problemsOf(problems), JSON.stringify(events), JSON.stringify(duplicates), id);
  return recorded;
}

function idsOf({ events }: RecordResult): string[] {
  return events.map(({ id }) => id);
}

/** All but the receipt. What it told `before` counts as neither new nor a repeat. */
function keep(
  sql: Statements,
  { receipt, lookup, resolve }: RecordRequest,
  before: ReadonlySet<string>,
): RecordResult {
  const resolved = resolve(lookUp(sql, receipt, lookup));
  const { deliveries, ...recorded } = reconcile(resolved, (one) => addEvent(sql, one, receipt), before);

  for (const { event, key } of resolved.duplicates)
    if (event !== key && isKnown(sql, event)) sql.addDedupeKey.run(key, event);
  keepChannelKeys(sql, resolved.channelKeys);
  moveDuplicates(sql, resolved.moved);
  for (const id of recorded.duplicates)
    if (sql.eventById.one(id)) sql.addDuplicate.run(id, receipt.id, receipt.channel, receipt.receivedAt);
  for (const { signer, document } of resolved.links) sql.addLink.run(receipt.source, signer, document);
  for (const document of resolved.documents) {
    const { source, id, status } = document;
    sql.setDocument.run(source, id, status, JSON.stringify(document), receipt.receivedAt);
  }
  for (const { id, event, destination, lane, dueAt } of deliveries) {
    sql.addDelivery.run(id, event, destination, lane, dueAt, receipt.receivedAt);
  }
  return recorded;
}

function moveDuplicates(sql: Statements, { from, to }: Resolution["moved"]): void {
  for (const { event, receipt } of from) sql.removeDuplicate.run(event, receipt);
  for (const { event, receipt, channel, at } of to)
    if (sql.eventById.one(event)) sql.addDuplicate.run(event, receipt, channel, at);
}

function keepChannelKeys(sql: Statements, { added, removed }: Resolution["channelKeys"]): void {
  for (const { event, key, channel } of removed) sql.removeChannelKey.run(event, key, channel);
  for (const { event, key, channel, at, origin } of added)
    sql.addChannelKey.run(event, key, channel, at, origin && JSON.stringify(origin));
}

function problemsOf(problems: readonly Problem[]): string | null {
  return problems.length === 0 ? null : JSON.stringify(problems);
}

/** What is known that bears on the request. */
function lookUp(
  sql: Statements,
  { source, channel }: Receipt,
  { documents, signers, dedupeKeys, nearKeys, coalesce }: Lookup,
): Known {
  const links = new Map(
    signers.flatMap((signer) => {
      const row = sql.link.one(source, signer);
      return row ? [[signer, row.document_id] as const] : [];
    }),
  );
  const candidates = new Map(
    coalesce.map(({ coalesceKey, from, to }) => [
      coalesceKey,
      sql.candidates.all(coalesceKey, from, to).map(toCandidate),
    ]),
  );
  const ids = new Set([...documents, ...links.values(), ...[...candidates.values()].flatMap(documentsIn)]);
  return {
    documents: new Map([...ids].flatMap((id) => knownDocument(sql, source, id))),
    links,
    events: new Map(dedupeKeys.flatMap((key) => knownEvents(sql, key))),
    merged: new Map(nearKeys.flatMap((key) => mergedInto(sql, key, channel))),
    candidates,
  };
}

function addReceipt(
  sql: Statements,
  receipt: Receipt,
  events: readonly string[],
  duplicates: readonly string[],
): void {
  sql.addReceipt.run(
    receipt.id,
    receipt.source,
    receipt.channel,
    receipt.receivedAt,
    receipt.query,
    JSON.stringify(receipt.headers),
    receipt.body.length,
    receipt.verified,
    receipt.mapping,
    problemsOf(receipt.problems),
    JSON.stringify(events),
    JSON.stringify(duplicates),
  );
  sql.addBody.run(receipt.body);
}

function knownDocument(sql: Statements, source: string, id: string): [string, Document][] {
  const document = findDocument(sql, source, id);
  return document ? [[id, document]] : [];
}

export function findDocument(sql: Statements, source: string, id: string): Document | null {
  const row = sql.document.one(source, id);
  return row ? toDocument(row) : null;
}

function knownEvents(sql: Statements, key: string): [string, string[]][] {
  if (isKnown(sql, key)) return [[key, [key]]];
  const told = sql.eventsByDedupeKey.all(key);
  return told.length > 0 ? [[key, told.map(({ id }) => id)]] : [];
}

function mergedInto(sql: Statements, key: string, channel: string): [string, string][] {
  const row = sql.merged.one(key, channel);
  return row ? [[key, row.event_id]] : [];
}

/** Whether there is such an event, or was. Asked apart: one statement for both tables takes longer than two. */
function isKnown(sql: Statements, id: string): boolean {
  return sql.eventById.one(id) !== undefined || sql.goneById.one(id) !== undefined;
}

/** False: it exists already, or did. */
function addEvent(sql: Statements, one: NewEvent, receipt: Receipt): boolean {
  const { event, dedupeKey } = one;
  const isNew = sql.goneById.one(event.id) === undefined && insertEvent(sql, one, receipt);
  if (dedupeKey !== event.id) sql.addDedupeKey.run(dedupeKey, event.id);
  return isNew;
}

function insertEvent(sql: Statements, { event, coalesceKey, at }: NewEvent, receipt: Receipt): boolean {
  const added = sql.addEvent.run(
    event.id,
    event.source,
    event.channel,
    event.type,
    coalesceKey,
    at,
    event.document?.id ?? null,
    event.provenance.receipt,
    receipt.receivedAt,
    JSON.stringify(event),
  );
  return added === 1;
}

/** Keeps a refused request, and the newest of its channel. Runs inside a transaction. */
export function reject(sql: Statements, rejection: Rejection, keep: number): void {
  const { id, source, channel, receivedAt, query, headers, body, reason, shown } = rejection;
  const texts = [JSON.stringify(headers), JSON.stringify(shown)] as const;
  sql.addRejection.run(id, source, channel, receivedAt, query, texts[0], body, reason, texts[1]);
  sql.dropOldRejections.run(source, channel, keep);
}
