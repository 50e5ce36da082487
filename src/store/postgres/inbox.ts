import type { Document } from "../../domain/document.ts";
import type { Receipt } from "../../domain/receipt.ts";
import { type Reconciliation, reconcile } from "../../domain/reconcile.ts";
import type { EarlierReport, EventChannelKey, NewEvent, Resolution } from "../../domain/resolve.ts";
import { type ReceiptRow, toReceipt } from "../db-rows.ts";
import type { RecordRequest, RecordResult } from "../port/inbox.ts";
import type { Answer } from "./batch.ts";
import {
  addDedupeKeys,
  addDeliveries,
  addDuplicates,
  addEvents,
  addLinks,
  addReceipts,
  changeChannelKeys,
  mendReceipt,
  moveDuplicates,
  setDocuments,
} from "./insert.ts";
import { lockLanes } from "./lanes.ts";
import { type Knowledge, lookUp } from "./lookup.ts";
import type { Announce } from "./notify.ts";
import type { Session } from "./session.ts";

/** A recording with what its `resolve` made of it. */
interface Reading {
  recording: RecordRequest;
  resolved: Resolution;
}

/** What of a reading was not known before. */
export interface Outcome extends Reconciliation {
  receipt: Receipt;
  moved: Resolution["moved"];
}

/**
 * Keeps requests and all that comes of them, in a handful of round trips however many they are. Each sees what the one before
 * left; one whose `resolve` throws leaves nothing. Runs inside a transaction.
 */
export async function recordAll(
  session: Session,
  recordings: readonly RecordRequest[],
  announce: Announce,
): Promise<readonly Answer<RecordResult>[]> {
  const known = await lookUp(session, recordings);
  const read = recordings.map((recording) =>
    attempt(() => ({ recording, resolved: known.resolve(recording) })),
  );
  const good = read.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const outcomes = await keep(session, known, good);
  await Promise.all([addReceipts(session, outcomes), finish(session, outcomes, announce)]);

  const recorded = outcomes.map(toRecorded).values();
  return read.map((one) =>
    one.status === "fulfilled" ? { status: "fulfilled", value: next(recorded) } : one,
  );
}

/** Keeps what a request tells now and did not tell before. Runs inside a transaction. */
export async function amend(
  session: Session,
  recording: RecordRequest,
  announce: Announce,
): Promise<RecordResult> {
  const { id } = recording.receipt;
  const [row] = await session.rows<ReceiptRow>("select * from receipts where id = $1 for update", [id]);
  const before = row ? toReceipt(row) : { events: [], duplicates: [] };
  const known = await lookUp(session, [recording]);
  const [outcome] = await keep(
    session,
    known,
    [{ recording, resolved: known.resolve(recording) }],
    new Set([...before.events, ...before.duplicates]),
  );
  if (!outcome) throw new Error("a recording has no outcome");
  const events = [...before.events, ...idsOf(outcome)];
  const duplicates = [...before.duplicates, ...outcome.duplicates];
  await mendReceipt(session, recording.receipt, events, duplicates);
  await finish(session, [outcome], announce);
  return toRecorded(outcome);
}

function attempt<T>(work: () => T): Answer<T> {
  try {
    return { status: "fulfilled", value: work() };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}

function next<T>(values: Iterator<T, undefined>): T {
  const { done, value } = values.next();
  if (done) throw new Error("fewer outcomes than recordings");
  return value;
}

/** Keeps what came of the readings, but for receipts and deliveries, and finds out which events are new. */
async function keep(
  session: Session,
  known: Knowledge,
  readings: readonly Reading[],
  before: ReadonlySet<string> = new Set(),
): Promise<readonly Outcome[]> {
  const unlocked = new Set(lanesOf(readings).filter((lane) => !known.lanes.has(lane)));
  const [added] = await Promise.all([
    addEvents(session, readings.flatMap(eventsOf)),
    addDedupeKeys(session, readings.flatMap(dedupeKeysOf)),
    changeChannelKeys(session, channelKeysOf(readings)),
    addLinks(session, readings.flatMap(linksOf)),
    setDocuments(session, readings.flatMap(documentsOf)),
    lockLanes(session, unlocked),
  ]);
  const owners = ownersOf(readings, added);
  return readings.map((reading) => toOutcome(reading, owners, before));
}

async function finish(session: Session, outcomes: readonly Outcome[], announce: Announce): Promise<void> {
  const deliveries = outcomes.flatMap(({ receipt, deliveries }) =>
    deliveries.map((delivery) => ({ delivery, recordedAt: receipt.receivedAt })),
  );
  await Promise.all([
    addDuplicates(session, outcomes).then(() => moveDuplicates(session, movedIn(outcomes))),
    addDeliveries(session, deliveries),
    announce(session, new Set(deliveries.map(({ delivery }) => delivery.destination))),
  ]);
}

function lanesOf(readings: readonly Reading[]): string[] {
  return readings.flatMap(({ resolved }) => resolved.deliveries.flatMap(({ lane }) => lane ?? []));
}

function eventsOf({ recording, resolved }: Reading): { one: NewEvent; receipt: Receipt }[] {
  return resolved.events.map((one) => ({ one, receipt: recording.receipt }));
}

function documentsOf({ recording, resolved }: Reading): { document: Document; changedAt: number }[] {
  return resolved.documents.map((document) => ({ document, changedAt: recording.receipt.receivedAt }));
}

function dedupeKeysOf({ resolved }: Reading): [key: string, event: string][] {
  const born = resolved.events.map(({ event, dedupeKey: key }) => ({ event: event.id, key }));
  return [...born, ...resolved.duplicates].flatMap(({ event, key }) => (event === key ? [] : [[key, event]]));
}

/** Of readings that follow on one another: what one adds and a later one removes is neither. */
function channelKeysOf(readings: readonly Reading[]): Resolution["channelKeys"] {
  const nameOf = ({ event, key, channel }: EventChannelKey) => JSON.stringify([event, key, channel]);
  const added = new Map<string, EventChannelKey>();
  const removed = new Map<string, EventChannelKey>();
  for (const { resolved } of readings) {
    for (const one of resolved.channelKeys.removed) {
      removed.set(nameOf(one), one);
      added.delete(nameOf(one));
    }
    for (const one of resolved.channelKeys.added) added.set(nameOf(one), one);
  }
  return { added: [...added.values()], removed: [...removed.values()] };
}

function linksOf({ recording, resolved }: Reading): [source: string, signer: string, document: string][] {
  return resolved.links.map(({ signer, document }) => [recording.receipt.source, signer, document]);
}

/** Which reading told each new event: the first of them. */
function ownersOf(readings: readonly Reading[], added: ReadonlySet<string>): Map<string, NewEvent> {
  const owners = new Map<string, NewEvent>();
  for (const one of readings.flatMap(({ resolved }) => resolved.events)) {
    if (added.has(one.event.id) && !owners.has(one.event.id)) owners.set(one.event.id, one);
  }
  return owners;
}

function toOutcome(
  { recording: { receipt }, resolved }: Reading,
  owners: ReadonlyMap<string, NewEvent>,
  before: ReadonlySet<string>,
): Outcome {
  const reconciled = reconcile(resolved, (one) => owners.get(one.event.id) === one, before);
  return { ...reconciled, receipt, moved: resolved.moved };
}

/** Of outcomes that follow on one another: where each report is in the end. */
function movedIn(outcomes: readonly Outcome[]): Resolution["moved"] {
  const nameOf = ({ event, receipt }: EarlierReport) => JSON.stringify([event, receipt]);
  const from = new Map<string, EarlierReport>();
  const to = new Map<string, EarlierReport>();
  for (const { moved } of outcomes) {
    for (const one of moved.from) {
      from.set(nameOf(one), one);
      to.delete(nameOf(one));
    }
    for (const one of moved.to) to.set(nameOf(one), one);
  }
  return { from: [...from.values()], to: [...to.values()] };
}

function toRecorded({ events, duplicates, destinations }: Outcome): RecordResult {
  return { events, duplicates, destinations };
}

export function idsOf({ events }: Pick<Outcome, "events">): string[] {
  return events.map(({ id }) => id);
}
