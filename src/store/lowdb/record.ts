import { type ChannelKey, type CoalesceCandidate, documentsIn } from "../../domain/coalesce.ts";
import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Lookup } from "../../domain/lookup.ts";
import type { Receipt, Rejection } from "../../domain/receipt.ts";
import type { Known, NewEvent, Resolution } from "../../domain/resolve.ts";
import type { RecordRequest, RecordResult } from "../port/inbox.ts";
import type { Duplicate } from "../port/reads.ts";
import type { Rows } from "./contents.ts";
import { pair, type Tables } from "./tables.ts";

/** What comes in. Everything here is undone when it throws. */

/** Keeps a request and all that comes of it. */
export function record(tables: Tables, recording: RecordRequest): RecordResult {
  const recorded = keep(tables, recording, new Set());
  const { body, ...receipt } = recording.receipt;
  const events = idsOf(recorded);
  tables.receipts.add({
    position: tables.nextPosition(),
    receipt: { ...receipt, size: body.byteLength, events, duplicates: recorded.duplicates },
    body: Buffer.from(body).toString("base64"),
  });
  return recorded;
}

/** Keeps what a request tells now and did not tell before. */
export function amend(tables: Tables, recording: RecordRequest): RecordResult {
  const { id, mapping, problems } = recording.receipt;
  const row = tables.receipts.get(id);
  const before = row?.receipt ?? { events: [], duplicates: [] };
  const recorded = keep(tables, recording, new Set([...before.events, ...before.duplicates]));
  const events = [...before.events, ...idsOf(recorded)];
  const duplicates = [...before.duplicates, ...recorded.duplicates];
  if (row)
    tables.receipts.put({ ...row, receipt: { ...row.receipt, mapping, problems, events, duplicates } });
  return recorded;
}

function idsOf({ events }: RecordResult): string[] {
  return events.map(({ id }) => id);
}

/** All but the receipt. What it told `before` counts as neither new nor a repeat. */
function keep(
  tables: Tables,
  { receipt, lookup, resolve }: RecordRequest,
  before: ReadonlySet<string>,
): RecordResult {
  const resolved = resolve(lookUp(tables, receipt, lookup));
  const added = resolved.events.filter((one) => addEvent(tables, one)).map(({ event }) => event);
  const fresh = new Set(added.map(({ id }) => id));
  const again = resolved.events.map(({ event }) => event.id).filter((id) => !fresh.has(id));
  const told = new Set([...resolved.duplicates.map(({ event }) => event), ...again]);
  const duplicates = [...told].filter((id) => !before.has(id) && !fresh.has(id));

  for (const { event, key } of resolved.duplicates) addKey(tables, event, key);
  keepChannelKeys(tables, resolved.channelKeys);
  moveDuplicates(tables, resolved.moved);
  const duplicate = { receipt: receipt.id, channel: receipt.channel, at: receipt.receivedAt };
  for (const id of duplicates) addDuplicate(tables, id, duplicate);
  for (const { signer, document } of resolved.links) link(tables, receipt.source, signer, document);
  for (const document of resolved.documents) setDocument(tables, document, receipt.receivedAt);
  const deliveries = resolved.deliveries.filter(({ event }) => fresh.has(event));
  for (const delivery of deliveries) addDelivery(tables, delivery, receipt.receivedAt);
  const destinations = [...new Set(deliveries.map(({ destination }) => destination))];
  return { events: added, duplicates, destinations };
}

/** What is known that bears on the request. */
function lookUp(
  tables: Tables,
  { source, channel }: Receipt,
  { documents, signers, dedupeKeys, nearKeys, coalesce }: Lookup,
): Known {
  const links = new Map(
    signers.flatMap((signer) => {
      const row = tables.links.get(pair(source, signer));
      return row ? [[signer, row.document] as const] : [];
    }),
  );
  const candidates = new Map(
    coalesce.map(({ coalesceKey, from, to }) => [coalesceKey, candidatesOf(tables, coalesceKey, from, to)]),
  );
  const ids = new Set([...documents, ...links.values(), ...[...candidates.values()].flatMap(documentsIn)]);
  return {
    documents: new Map([...ids].flatMap((id) => knownDocument(tables, source, id))),
    links,
    events: new Map(dedupeKeys.flatMap((key) => knownEvents(tables, key))),
    merged: new Map(nearKeys.flatMap((key) => mergedInto(tables, key, channel))),
    candidates,
  };
}

function knownDocument(tables: Tables, source: string, id: string): [string, Document][] {
  const row = tables.documents.get(pair(source, id));
  return row ? [[id, row.document]] : [];
}

function knownEvents(tables: Tables, key: string): [string, string[]][] {
  if (isKnown(tables, key)) return [[key, [key]]];
  const told = [
    ...tables.dedupeKeys.of(key).map(({ event }) => event.id),
    ...tables.dedupeKeysOfTombstones.of(key).map(({ id }) => id),
  ];
  return told.length > 0 ? [[key, told]] : [];
}

/** Whether there is such an event, or was. */
function isKnown(tables: Tables, id: string): boolean {
  return tables.events.get(id) !== undefined || tables.tombstones.get(id) !== undefined;
}

function mergedInto(tables: Tables, key: string, channel: string): [string, string][] {
  const holds = (id: string, { channelKeys }: { channelKeys: readonly ChannelKey[] }) =>
    id !== key && channelKeys.some((one) => one.key === key && one.channel === channel);
  const event = tables.channelKeys.of(key).find((row) => holds(row.event.id, row))?.event.id;
  const id = event ?? tables.channelKeysOfTombstones.of(key).find((row) => holds(row.id, row))?.id;
  return id === undefined ? [] : [[key, id]];
}

function candidatesOf(tables: Tables, coalesceKey: string, from: number, to: number): CoalesceCandidate[] {
  return tables.eventsByCoalesceKey
    .of(coalesceKey)
    .filter(({ at }) => at >= from && at <= to)
    .map(({ event: { id, channel }, at, channelKeys }) => {
      return { id, at, reports: [{ key: id, channel, at, origin: null }, ...channelKeys] };
    });
}

function keepChannelKeys(tables: Tables, { added, removed }: Resolution["channelKeys"]): void {
  const isSame = (a: ChannelKey, b: ChannelKey) => a.key === b.key && a.channel === b.channel;
  const change = (event: string, changed: (keys: readonly ChannelKey[]) => readonly ChannelKey[]) => {
    const [row, gone] = [tables.events.get(event), tables.tombstones.get(event)];
    if (row) tables.events.put({ ...row, channelKeys: changed(row.channelKeys) });
    if (gone) tables.tombstones.put({ ...gone, channelKeys: changed(gone.channelKeys) });
  };
  for (const { event, ...key } of removed) change(event, (keys) => keys.filter((one) => !isSame(one, key)));
  for (const { event, ...key } of added)
    change(event, (keys) => [...keys.filter((one) => !isSame(one, key)), key].sort(byKey));
}

function byKey(a: ChannelKey, b: ChannelKey): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.channel < b.channel ? -1 : 1;
}

/** False: it exists already. */
function addEvent(tables: Tables, { event, dedupeKey, coalesceKey, at }: NewEvent): boolean {
  const isNew = !isKnown(tables, event.id);
  if (isNew) {
    const row = {
      position: tables.nextPosition(),
      event,
      coalesceKey,
      at,
      dedupeKeys: [],
      channelKeys: [],
      duplicates: [],
    };
    tables.events.add(row);
  }
  addKey(tables, event.id, dedupeKey);
  return isNew;
}

function addKey(tables: Tables, id: string, key: string): void {
  if (key === id) return;
  const [event, gone] = [tables.events.get(id), tables.tombstones.get(id)];
  if (event && !event.dedupeKeys.includes(key))
    tables.events.put({ ...event, dedupeKeys: [...event.dedupeKeys, key].sort() });
  if (gone && !gone.dedupeKeys.includes(key))
    tables.tombstones.put({ ...gone, dedupeKeys: [...gone.dedupeKeys, key].sort() });
}

function addDuplicate(tables: Tables, id: string, duplicate: Duplicate): void {
  const row = tables.events.get(id);
  if (row) tables.events.put({ ...row, duplicates: withDuplicate(row, duplicate) });
}

function moveDuplicates(tables: Tables, { from, to }: Resolution["moved"]): void {
  for (const { event, receipt } of from) {
    const row = tables.events.get(event);
    if (row)
      tables.events.put({ ...row, duplicates: row.duplicates.filter((one) => one.receipt !== receipt) });
  }
  for (const { event, ...duplicate } of to) addDuplicate(tables, event, duplicate);
}

function withDuplicate({ duplicates }: Rows["events"], added: Duplicate): readonly Duplicate[] {
  if (duplicates.some(({ at, receipt }) => at === added.at && receipt === added.receipt)) return duplicates;
  return [...duplicates, added].sort((a, b) => a.at - b.at || (a.receipt < b.receipt ? -1 : 1));
}

function link(tables: Tables, source: string, signer: string, document: string): void {
  const row = tables.links.get(pair(source, signer));
  tables.links.put({ position: row?.position ?? tables.nextPosition(), source, signer, document });
}

function setDocument(tables: Tables, document: Document, toldAt: number): void {
  const row = tables.documents.get(pair(document.source, document.id));
  const changedAt = Math.max(toldAt, row?.changedAt ?? toldAt);
  tables.documents.put({ position: row?.position ?? tables.nextPosition(), document, changedAt });
}

function addDelivery(tables: Tables, delivery: Delivery, recordedAt: number): void {
  if (tables.deliveries.get(delivery.id)) return;
  tables.deliveries.add({
    position: tables.nextPosition(),
    delivery: { ...delivery, status: isLaneOpen(tables, delivery) ? "held" : "pending" },
    token: null,
    recordedAt,
    history: [],
  });
}

/** Whether one before it has to be done with first. */
export function isLaneOpen(
  tables: Tables,
  { destination, lane }: Pick<Delivery, "destination" | "lane">,
): boolean {
  return lane !== null && tables.lanes.of(pair(destination, lane)).length > 0;
}

/**
 * Keeps a refused request, and the newest of its channel. All of them together take no more than `most` bytes of the file, so
 * that nobody without a secret can fill it: the oldest give way.
 */
export function reject(tables: Tables, { body, ...rejection }: Rejection, keep: number, most: number): void {
  const { rejections } = tables;
  rejections.add({
    position: tables.nextPosition(),
    rejection,
    body: body && Buffer.from(body).toString("base64"),
  });
  const ofChannel = tables.rejectionsOf.of(pair(rejection.source, rejection.channel));
  for (const old of ofChannel.slice(0, Math.max(0, ofChannel.length - keep))) rejections.remove(old);
  for (const old of rejections) {
    if (rejections.bytes <= most) break;
    rejections.remove(old);
  }
}
