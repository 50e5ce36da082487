import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { EventChannelKey, NewEvent, Unfolded } from "../../domain/unfold.ts";
import { type ReceiptRow, toReceipt } from "../rows.ts";
import type { Recorded, Recording } from "../store.ts";
import type { Answer } from "./batch.ts";
import type { Announce } from "./call.ts";
import { type Knowledge, lookUp } from "./known.ts";
import { lockLanes } from "./lanes.ts";
import type { Session } from "./session.ts";
import {
  addAliases,
  addDeliveries,
  addEvents,
  addLinks,
  addReceipts,
  addRetellings,
  changeChannelKeys,
  mendReceipt,
  setDocuments,
} from "./write.ts";

/** A recording with what its `unfold` made of it. */
interface Reading {
  recording: Recording;
  unfolded: Unfolded;
}

/** What of a reading was not known before. */
export interface Outcome {
  receipt: Receipt;
  events: readonly Event[];
  duplicates: readonly string[];
  deliveries: readonly Delivery[];
}

/**
 * Keeps requests and all that comes of them, in a handful of round trips however many they are. Each sees what the one before
 * left; one whose `unfold` throws leaves nothing. Runs inside a transaction.
 */
export async function recordAll(
  session: Session,
  recordings: readonly Recording[],
  announce: Announce,
): Promise<readonly Answer<Recorded>[]> {
  const known = await lookUp(session, recordings);
  const read = recordings.map((recording) =>
    attempt(() => ({ recording, unfolded: known.unfold(recording) })),
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
export async function reread(session: Session, recording: Recording, announce: Announce): Promise<Recorded> {
  const { id } = recording.receipt;
  const [row] = await session.rows<ReceiptRow>("select * from receipts where id = $1 for update", [id]);
  const before = row ? toReceipt(row) : { events: [], duplicates: [] };
  const known = await lookUp(session, [recording]);
  const [outcome] = await keep(
    session,
    known,
    [{ recording, unfolded: known.unfold(recording) }],
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
    addAliases(session, readings.flatMap(aliasesOf)),
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
    addRetellings(session, outcomes),
    addDeliveries(session, deliveries),
    announce(session, new Set(deliveries.map(({ delivery }) => delivery.destination))),
  ]);
}

function lanesOf(readings: readonly Reading[]): string[] {
  return readings.flatMap(({ unfolded }) => unfolded.deliveries.flatMap(({ lane }) => lane ?? []));
}

function eventsOf({ recording, unfolded }: Reading): { one: NewEvent; receipt: Receipt }[] {
  return unfolded.events.map((one) => ({ one, receipt: recording.receipt }));
}

function documentsOf({ recording, unfolded }: Reading): { document: Document; changedAt: number }[] {
  return unfolded.documents.map((document) => ({ document, changedAt: recording.receipt.receivedAt }));
}

function aliasesOf({ unfolded }: Reading): [key: string, event: string][] {
  const born = unfolded.events.map(({ event, key }) => ({ event: event.id, key }));
  return [...born, ...unfolded.duplicates].flatMap(({ event, key }) => (event === key ? [] : [[key, event]]));
}

/** Of readings that follow on one another: what one adds and a later one removes is neither. */
function channelKeysOf(readings: readonly Reading[]): Unfolded["channelKeys"] {
  const nameOf = ({ event, key, channel }: EventChannelKey) => JSON.stringify([event, key, channel]);
  const added = new Map<string, EventChannelKey>();
  const removed = new Map<string, EventChannelKey>();
  for (const { unfolded } of readings) {
    for (const one of unfolded.channelKeys.removed) {
      removed.set(nameOf(one), one);
      added.delete(nameOf(one));
    }
    for (const one of unfolded.channelKeys.added) added.set(nameOf(one), one);
  }
  return { added: [...added.values()], removed: [...removed.values()] };
}

function linksOf({ recording, unfolded }: Reading): [source: string, signer: string, document: string][] {
  return unfolded.links.map(({ signer, document }) => [recording.receipt.source, signer, document]);
}

/** Which reading told each new event: the first of them. */
function ownersOf(readings: readonly Reading[], added: ReadonlySet<string>): Map<string, NewEvent> {
  const owners = new Map<string, NewEvent>();
  for (const one of readings.flatMap(({ unfolded }) => unfolded.events)) {
    if (added.has(one.event.id) && !owners.has(one.event.id)) owners.set(one.event.id, one);
  }
  return owners;
}

/** What another node was first to keep counts as told again, just as what was known when `unfold` looked. */
function toOutcome(
  { recording: { receipt }, unfolded }: Reading,
  owners: ReadonlyMap<string, NewEvent>,
  before: ReadonlySet<string>,
): Outcome {
  const events = unfolded.events.filter((one) => owners.get(one.event.id) === one).map(({ event }) => event);
  const fresh = new Set(events.map(({ id }) => id));
  const told = [
    ...unfolded.duplicates.map(({ event }) => event),
    ...unfolded.events.map(({ event }) => event.id),
  ];
  return {
    receipt,
    events,
    duplicates: [...new Set(told)].filter((id) => !fresh.has(id) && !before.has(id)),
    deliveries: unfolded.deliveries.filter(({ event }) => fresh.has(event)),
  };
}

function toRecorded({ events, duplicates, deliveries }: Outcome): Recorded {
  return { events, duplicates, destinations: [...new Set(deliveries.map(({ destination }) => destination))] };
}

export function idsOf({ events }: Pick<Outcome, "events">): string[] {
  return events.map(({ id }) => id);
}
