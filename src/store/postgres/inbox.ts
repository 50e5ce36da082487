import type { Receipt, Rejection } from "../../domain/receipt.ts";
import { type Reconciliation, reconcile } from "../../domain/reconcile.ts";
import type { EarlierReport, NewEvent, Resolution } from "../../domain/resolve.ts";
import { type Tally, tallyReceipt, tallyRejection } from "../../domain/tally.ts";
import type { Column, DbRow } from "../columns.ts";
import { columnsOf } from "../description.ts";
import type { RecordRequest, RecordResult } from "../port/inbox.ts";
import { shadowAfter } from "../shadow.ts";
import { selectOf } from "../sql/session.ts";
import { RECEIPT, REJECTION, SCHEMA } from "../tables.ts";
import type { Answer } from "./batch.ts";
import { given, insertRows } from "./given.ts";
import {
  addDedupeKeys,
  addDeliveries,
  addDuplicates,
  addEvents,
  addLinks,
  addNewEvents,
  addReceipts,
  amendReceipt,
  changeChannelKeys,
  moveDuplicates,
  setDocuments,
} from "./insert.ts";
import { lockLanes } from "./lanes.ts";
import { type Knowledge, lookUp } from "./lookup.ts";
import { channelKeysAfter, movedAfter } from "./net-changes.ts";
import type { Session } from "./session.ts";
import { addTallies } from "./tallies.ts";
import type { Commit } from "./transaction.ts";

/** Everything here but `dropRejection` runs inside a transaction. */

/** A request with what its `resolve` made of it. */
interface Resolved {
  receipt: Receipt;
  resolution: Resolution;
  shadow: boolean | undefined;
}

/** The same with the part of it that takes effect. */
interface Reconciled extends Resolved {
  result: Reconciliation;
}

/**
 * Records requests in two round trips, whatever their number: what they bear on is looked up and locked, and
 * then all is written. Each sees what the one before left; one whose `resolve` throws leaves nothing.
 *
 * `sure`: the events that were not found under their keys are added without another look, and the transaction
 * fails when one is there after all. Without it, or with events that were not looked for, there is a third
 * round trip in between, which finds out which of them are new.
 */
export async function recordAll(
  session: Session,
  commit: Commit,
  requests: readonly RecordRequest[],
  { sure }: { sure: boolean },
): Promise<readonly Answer<RecordResult>[]> {
  const known = await lookUp(session, requests);
  const answers = requests.map((request) => attempt(() => resolveWith(known, request)));
  const resolved = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const isSure =
    sure &&
    eventsOf(resolved).every(({ event }) => known.isMissing(event.id)) &&
    unlockedLanes(resolved, known).size === 0;
  const reconciled = isSure ? reconcileAll(resolved, () => true) : await add(session, known, resolved);
  await Promise.all([
    isSure && addNewEvents(session, eventsOf(resolved)),
    isSure && addBeside(session, resolved),
    addReceipts(session, reconciled.map(toReceipt)),
    finish(session, reconciled),
    addTallies(session, reconciled.map(toTally)),
    commit(),
  ]);

  const results = reconciled.map(toResult).values();
  return answers.map((answer) =>
    answer.status === "fulfilled" ? { status: "fulfilled", value: next(results) } : answer,
  );
}

export async function amend(session: Session, request: RecordRequest): Promise<RecordResult> {
  const { id, mapping, problems } = request.receipt;
  const [row] = await session.rows<DbRow>(
    `select ${selectOf(session.dialect, RECEIPT.columns)} from receipts where id = ? for update`,
    [id],
  );
  const before = row ? RECEIPT.decode(row) : { events: [], duplicates: [], shadow: null };
  const known = await lookUp(session, [request]);
  const reported = new Set([...before.events, ...before.duplicates]);
  const [reconciled] = await add(session, known, [resolveWith(known, request)], reported);
  if (!reconciled) throw new Error("a request has no result");
  const events = [...before.events, ...idsOf(reconciled)];
  const duplicates = [...before.duplicates, ...reconciled.result.duplicates];
  const shadow = shadowAfter(request, reconciled.resolution.shadow, before);
  await amendReceipt(session, id, { mapping, problems, events, duplicates, shadow });
  await finish(session, [reconciled]);
  return toResult(reconciled);
}

function unlockedLanes(resolved: readonly Resolved[], known: Knowledge): ReadonlySet<string> {
  return new Set(lanesOf(resolved).filter((lane) => !known.lanes.has(lane)));
}

function eventsOf(resolved: readonly Resolved[]): NewEvent[] {
  return resolved.flatMap(({ resolution }) => resolution.events);
}

function reconcileAll(
  resolved: readonly Resolved[],
  isNew: (one: NewEvent) => boolean,
  reportedBefore?: ReadonlySet<string>,
): Reconciled[] {
  return resolved.map((request) => {
    return { ...request, result: reconcile(request.resolution, isNew, reportedBefore) };
  });
}

function resolveWith(known: Knowledge, request: RecordRequest): Resolved {
  return { receipt: request.receipt, resolution: known.resolve(request), shadow: request.shadow };
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
  if (done) throw new Error("fewer results than requests");
  return value;
}

/** Adds all of the requests but receipts, duplicates and deliveries, and finds out which events are new. */
async function add(
  session: Session,
  known: Knowledge,
  requests: readonly Resolved[],
  reportedBefore: ReadonlySet<string> = new Set(),
): Promise<readonly Reconciled[]> {
  const events = eventsOf(requests);
  const [added] = await Promise.all([
    addEvents(session, events),
    addBeside(session, requests),
    lockLanes(session, unlockedLanes(requests, known)),
  ]);
  const firsts = firstOfEach(events, added);
  return reconcileAll(requests, (one) => firsts.has(one), reportedBefore);
}

/** What is written whether the events are new or not. */
async function addBeside(session: Session, requests: readonly Resolved[]): Promise<void> {
  await Promise.all([
    addDedupeKeys(session, requests.flatMap(dedupeKeysOf)),
    changeChannelKeys(session, channelKeysAfter(requests.map(({ resolution }) => resolution))),
    addLinks(session, requests.flatMap(linksOf)),
    setDocuments(session, requests.flatMap(documentsOf)),
  ]);
}

async function finish(session: Session, requests: readonly Reconciled[]): Promise<void> {
  const deliveries = requests.flatMap(({ receipt, result }) =>
    result.deliveries.map((delivery) => ({ delivery, recordedAt: receipt.receivedAt })),
  );
  await Promise.all([
    addDuplicates(session, requests.flatMap(duplicatesOf)),
    moveDuplicates(session, movedAfter(requests.map(({ resolution }) => resolution))),
    addDeliveries(session, deliveries),
  ]);
}

function lanesOf(requests: readonly Resolved[]): string[] {
  return requests.flatMap(({ resolution }) => resolution.deliveries.flatMap(({ lane }) => lane ?? []));
}

function documentsOf({ receipt, resolution }: Resolved) {
  return resolution.documents.map((document) => ({ document, changedAt: receipt.receivedAt }));
}

function dedupeKeysOf({ resolution }: Resolved): [key: string, event: string][] {
  const added = resolution.events.map(({ event, dedupeKey: key }) => ({ event: event.id, key }));
  return [...added, ...resolution.duplicates].flatMap(({ event, key }) =>
    event === key ? [] : [[key, event]],
  );
}

function linksOf({ receipt, resolution }: Resolved): [source: string, signer: string, document: string][] {
  return resolution.links.map(({ signer, document }) => [receipt.source, signer, document]);
}

function duplicatesOf({ receipt: { id, channel, receivedAt }, result }: Reconciled): EarlierReport[] {
  return result.duplicates.map((event) => ({ event, receipt: id, channel, at: receivedAt }));
}

/** Of several entries with the id of an event that was added, the first made it. */
function firstOfEach(events: readonly NewEvent[], added: ReadonlySet<string>): ReadonlySet<NewEvent> {
  const firsts = new Map<string, NewEvent>();
  for (const one of events)
    if (added.has(one.event.id) && !firsts.has(one.event.id)) firsts.set(one.event.id, one);
  return new Set(firsts.values());
}

function toReceipt(reconciled: Reconciled) {
  const { body, ...receipt } = reconciled.receipt;
  const { duplicates } = reconciled.result;
  const shadow = shadowAfter(reconciled, reconciled.resolution.shadow);
  const events = idsOf(reconciled);
  return { summary: { ...receipt, size: body.byteLength, events, duplicates, shadow }, body };
}

function toTally({ receipt, resolution: { shadow }, result }: Reconciled): Tally {
  return tallyReceipt(receipt, { ...result, shadow });
}

function toResult({ result: { events, duplicates, destinations } }: Reconciled): RecordResult {
  return { events, duplicates, destinations };
}

function idsOf({ result }: Reconciled): string[] {
  return result.events.map(({ id }) => id);
}

/** A refused request, and how many of its channel are kept. */
export interface Rejecting {
  rejection: Rejection;
  keep: number;
}

const CHANNEL: readonly Column[] = [
  { name: "source", type: "text" },
  { name: "channel", type: "text" },
  { name: "keep", type: "integer" },
];

/** Adds refused requests, and removes all but the newest of their channels, in two round trips. */
export async function rejectAll(
  session: Session,
  all: readonly Rejecting[],
): Promise<readonly Answer<void>[]> {
  const rows = all.map(({ rejection: { body, ...rejection } }) => [...REJECTION.encode(rejection), body]);
  await insertRows(session, "rejections", columnsOf(SCHEMA.rejections), rows);
  const { from, values } = given(CHANNEL, channelsOf(all));
  const removal = session.run(
    `delete from rejections where position = any(array(
       select old.position from ${from}
       cross join lateral (
         select position from rejections r where r.source = given.source and r.channel = given.channel
         order by position desc offset given.keep) old
       order by old.position))`,
    values,
  );
  const tallies = all.map(({ rejection }) => tallyRejection(rejection));
  await Promise.all([removal, addTallies(session, tallies)]);
  return all.map(() => ({ status: "fulfilled", value: undefined }));
}

/** Each channel once, with the newest number of how many are kept. */
function channelsOf(all: readonly Rejecting[]): (string | number)[][] {
  const channels = new Map<string, (string | number)[]>();
  for (const { rejection, keep } of all) {
    const { source, channel } = rejection;
    channels.set(JSON.stringify([source, channel]), [source, channel, keep]);
  }
  return [...channels.values()];
}

export async function dropRejection(session: Session, id: string): Promise<boolean> {
  return (await session.run("delete from rejections where id = ?", [id])) === 1;
}
