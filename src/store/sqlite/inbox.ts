import type { Receipt, Rejection } from "../../domain/receipt.ts";
import { reconcile } from "../../domain/reconcile.ts";
import type { NewEvent, Resolution } from "../../domain/resolve.ts";
import { tallyReceipt, tallyRejection } from "../../domain/tally.ts";
import { encodeRow } from "../description.ts";
import type { RecordRequest, RecordResult } from "../port/inbox.ts";
import type { ReceiptSummary } from "../port/reads.ts";
import { shadowAfter } from "../shadow.ts";
import { AMENDMENT, CHANNEL_KEY, DUPLICATE, RECEIPT, REJECTION, SCHEMA } from "../tables.ts";
import { isKnown, lookUp } from "./lookup.ts";
import type { Statements } from "./statements.ts";
import type { Count } from "./tallies.ts";

/** Everything here runs inside a transaction. */

export function record(sql: Statements, request: RecordRequest, count: Count): RecordResult {
  const { shadow, ...result } = add(sql, request, new Set());
  addReceipt(sql, request.receipt, { ...result, shadow: shadowAfter(request, shadow) });
  count(tallyReceipt(request.receipt, { ...result, shadow }));
  return result;
}

export function amend(sql: Statements, request: RecordRequest): RecordResult {
  const row = sql.listedReceipt.one(request.receipt.id);
  const before = row ? RECEIPT.decode(row) : { events: [], duplicates: [], shadow: null };
  const { shadow: made, ...result } = add(sql, request, new Set([...before.events, ...before.duplicates]));
  const { id, mapping, problems } = request.receipt;
  const events = [...before.events, ...idsOf(result)];
  const duplicates = [...before.duplicates, ...result.duplicates];
  const shadow = shadowAfter(request, made, before);
  sql.amendReceipt.run(...AMENDMENT.encode({ mapping, problems, events, duplicates, shadow }), id);
  return result;
}

function idsOf({ events }: RecordResult): string[] {
  return events.map(({ id }) => id);
}

/** Adds all of a request but its receipt, which reported the events `before`. */
function add(
  sql: Statements,
  { receipt, lookup, resolve }: RecordRequest,
  before: ReadonlySet<string>,
): RecordResult & Pick<Resolution, "shadow"> {
  const resolution = resolve(lookUp(sql, receipt, lookup));
  const { shadow } = resolution;
  const { deliveries, ...result } = reconcile(resolution, (one) => addEvent(sql, one), before);

  for (const { event, key } of resolution.duplicates)
    if (event !== key && isKnown(sql, event)) sql.addDedupeKey.run(key, event);
  changeChannelKeys(sql, resolution.channelKeys);
  moveDuplicates(sql, resolution.moved);
  for (const id of result.duplicates)
    addDuplicate(sql, id, { receipt: receipt.id, channel: receipt.channel, at: receipt.receivedAt });
  for (const { signer, document } of resolution.links) sql.addLink.run(receipt.source, signer, document);
  for (const document of resolution.documents)
    sql.setDocument.run(...encodeRow(SCHEMA.documents, { document, changedAt: receipt.receivedAt }));
  for (const { event, destination, lane, dueAt } of deliveries)
    sql.addDelivery.run(event, destination, lane, dueAt, receipt.receivedAt);
  return { ...result, shadow };
}

/** False: the event is recorded already, or was. */
function addEvent(sql: Statements, { event, dedupeKey, ...rest }: NewEvent): boolean {
  const isNew =
    sql.tombstoneById.one(event.id) === undefined &&
    sql.addEvent.run(...encodeRow(SCHEMA.events, { event, ...rest })) === 1;
  if (dedupeKey !== event.id) sql.addDedupeKey.run(dedupeKey, event.id);
  return isNew;
}

function addDuplicate(
  sql: Statements,
  event: string,
  duplicate: { receipt: string; channel: string; at: number },
): void {
  if (sql.eventById.one(event)) sql.addDuplicate.run(event, ...DUPLICATE.encode(duplicate));
}

function moveDuplicates(sql: Statements, { from, to }: Resolution["moved"]): void {
  for (const { event, receipt } of from) sql.removeDuplicate.run(event, receipt);
  for (const { event, ...duplicate } of to) addDuplicate(sql, event, duplicate);
}

function changeChannelKeys(sql: Statements, { added, removed }: Resolution["channelKeys"]): void {
  for (const { event, key, channel } of removed) sql.removeChannelKey.run(event, key, channel);
  for (const { event, ...channelKey } of added)
    sql.addChannelKey.run(event, ...CHANNEL_KEY.encode(channelKey));
}

function addReceipt(
  sql: Statements,
  { body, ...receipt }: Receipt,
  result: RecordResult & Pick<ReceiptSummary, "shadow">,
): void {
  const { duplicates, shadow } = result;
  const summary = { ...receipt, size: body.length, events: idsOf(result), duplicates, shadow };
  sql.addReceipt.run(...RECEIPT.encode(summary));
  sql.addBody.run(body);
}

/** Adds a refused request, and removes all but the newest `keep` of its channel. */
export function reject(sql: Statements, { body, ...rejection }: Rejection, keep: number, count: Count): void {
  sql.addRejection.run(...REJECTION.encode(rejection), body);
  sql.dropOldRejections.run(rejection.source, rejection.channel, keep);
  count(tallyRejection(rejection));
}

export function dropRejection(sql: Statements, id: string): boolean {
  return sql.dropRejection.run(id) === 1;
}
