import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { EarlierReport, EventChannelKey, NewEvent } from "../../domain/resolve.ts";
import type { Column } from "../columns.ts";
import { columnsOf, encodeRow, namesOf, pick } from "../description.ts";
import type { ReceiptSummary } from "../port/reads.ts";
import { AMENDMENT, CHANNEL_KEY, DUPLICATE, RECEIPT, SCHEMA } from "../tables.ts";
import { runCounted } from "./backlog.ts";
import { given, insertRows } from "./given.ts";
import { isOpen } from "./lanes.ts";
import type { Session } from "./session.ts";

/** What recording writes: each statement takes any number of rows, and none is sent for none. */

const EVENT_ID: Column = { name: "event_id", type: "text" };
const RECEIPT_ID: Column = { name: "receipt_id", type: "text" };
const KEY: Column = { name: "key", type: "text" };
const CHANNEL: Column = { name: "channel", type: "text" };
const BODY: Column = { name: "body", type: "bytes" };

/**
 * Adds events that the store did not have when their keys were looked up. The database refuses them when
 * another node was faster, or when two have one id.
 */
export async function addNewEvents(session: Session, events: readonly NewEvent[]): Promise<void> {
  await insertRows(
    session,
    "events",
    columnsOf(SCHEMA.events),
    events.map((one) => encodeRow(SCHEMA.events, one)),
  );
}

/**
 * Returns the ids that are new; of two rows with one id, and of two nodes that report the same, the first is
 * inserted. Events that left a tombstone are deleted again rather than left out: an insertion that waited for
 * the pruning of the same event would not have seen the tombstone, the next statement does.
 */
export async function addEvents(session: Session, events: readonly NewEvent[]): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const insertion = insertRows<{ id: string }>(
    session,
    "events",
    columnsOf(SCHEMA.events),
    events.map((one) => encodeRow(SCHEMA.events, one)),
    "on conflict (id) do nothing returning id",
  );
  const removal = session.rows<{ id: string }>(
    `delete from events where id = any(array(select id from tombstones where id = any(?::text[])))
     returning id`,
    [events.map(({ event }) => event.id)],
  );
  const [added, removed] = await Promise.all([insertion, removal]);
  const known = new Set(removed.map(({ id }) => id));
  return new Set(added.map(({ id }) => id).filter((id) => !known.has(id)));
}

/**
 * Dedupe keys are forgotten with the event or the tombstone that they belong to, so a tombstone is locked
 * until the commit.
 */
export async function addDedupeKeys(session: Session, keys: readonly (readonly [string, string])[]) {
  if (keys.length === 0) return;
  const { from, values } = given([KEY, EVENT_ID], keys);
  await session.run(
    `with given as (
       select key, event_id from ${from}
     ), pruned as (
       select given.* from given
       cross join lateral (select from tombstones where id = given.event_id for key share) locked
     )
     insert into dedupe_keys (key, event_id)
     select * from given where exists (select from events where id = given.event_id)
     union select * from pruned
     order by key, event_id on conflict do nothing`,
    values,
  );
}

/** Deletes first: the same key may belong to another event now. */
export async function changeChannelKeys(
  session: Session,
  { added, removed }: { added: readonly EventChannelKey[]; removed: readonly EventChannelKey[] },
): Promise<void> {
  await Promise.all([removeChannelKeys(session, removed), addChannelKeys(session, added)]);
}

async function removeChannelKeys(session: Session, removed: readonly EventChannelKey[]): Promise<void> {
  if (removed.length === 0) return;
  const names = [EVENT_ID, KEY, CHANNEL];
  const { from, values } = given(
    names,
    removed.map(({ event, key, channel }) => [event, key, channel]),
  );
  await session.run(
    `delete from channel_keys where (event_id, key, channel) in (select ${namesOf(names)} from ${from})`,
    values,
  );
}

async function addChannelKeys(session: Session, added: readonly EventChannelKey[]): Promise<void> {
  if (added.length === 0) return;
  const columns = [EVENT_ID, ...CHANNEL_KEY.columns];
  const { from, values } = given(
    columns,
    added.map(({ event, ...channelKey }) => [event, ...CHANNEL_KEY.encode(channelKey)]),
  );
  await session.run(
    `insert into channel_keys (${namesOf(columns)})
     select distinct on (key, channel, event_id) ${namesOf(columns)} from ${from}
     order by key, channel, event_id
     on conflict (key, channel, event_id) do update set at = excluded.at, origin = excluded.origin`,
    values,
  );
}

const DUPLICATES = [EVENT_ID, ...DUPLICATE.columns];

const toDuplicate = ({ event, ...duplicate }: EarlierReport) => [event, ...DUPLICATE.encode(duplicate)];

/** Of recorded events, which are locked until the commit: a pruned one has no list of duplicates. */
export async function addDuplicates(session: Session, duplicates: readonly EarlierReport[]): Promise<void> {
  if (duplicates.length === 0) return;
  const { from, values } = given(DUPLICATES, duplicates.map(toDuplicate));
  await session.run(
    `insert into duplicates (${namesOf(DUPLICATES)})
     select ${namesOf(DUPLICATES)} from ${from}
     cross join lateral (select from events where id = given.event_id for key share) locked
     on conflict do nothing`,
    values,
  );
}

/** Moves earlier receipts from the events that they did not report after all to those that they did. */
export async function moveDuplicates(
  session: Session,
  moved: { from: readonly EarlierReport[]; to: readonly EarlierReport[] },
): Promise<void> {
  await Promise.all([removeDuplicates(session, moved.from), placeDuplicates(session, moved.to)]);
}

async function removeDuplicates(session: Session, duplicates: readonly EarlierReport[]): Promise<void> {
  if (duplicates.length === 0) return;
  const { from, values } = given(
    [EVENT_ID, RECEIPT_ID],
    duplicates.map(({ event, receipt }) => [event, receipt]),
  );
  await session.run(
    `delete from duplicates where (event_id, receipt_id) in (select event_id, receipt_id from ${from})`,
    values,
  );
}

async function placeDuplicates(session: Session, duplicates: readonly EarlierReport[]): Promise<void> {
  if (duplicates.length === 0) return;
  const { from, values } = given(DUPLICATES, duplicates.map(toDuplicate));
  await session.run(
    `insert into duplicates (${namesOf(DUPLICATES)})
     select ${namesOf(DUPLICATES)} from ${from}
     where exists (select from events where id = given.event_id) on conflict do nothing`,
    values,
  );
}

/** Of several links of one signer the last holds. */
export async function addLinks(session: Session, links: readonly (readonly [string, string, string])[]) {
  if (links.length === 0) return;
  const { from, values } = given(columnsOf(SCHEMA.links), links);
  await session.run(
    `insert into links (source, signer_id, document_id)
     select distinct on (source, signer_id) source, signer_id, document_id from ${from}
     order by source, signer_id, n desc
     on conflict (source, signer_id) do update set document_id = excluded.document_id`,
    values,
  );
}

/**
 * Of several states of one document the last holds, at the place of the first. `changed_at` never moves back:
 * a receipt that is processed again is an old one.
 */
export async function setDocuments(
  session: Session,
  documents: readonly { document: Document; changedAt: number }[],
): Promise<void> {
  if (documents.length === 0) return;
  const { from, values } = given(
    columnsOf(SCHEMA.documents),
    documents.map((row) => encodeRow(SCHEMA.documents, row)),
  );
  await session.run(
    `insert into documents (source, id, status, gaps, state, changed_at)
     select source, id, status, gaps, state, changed_at from (
       select distinct on (source, id) source, id, status, gaps, state,
         max(changed_at) over (partition by source, id) as changed_at,
         min(n) over (partition by source, id) as first
       from ${from} order by source, id, n desc
     ) newest
     order by first
     on conflict (source, id) do update set status = excluded.status, gaps = excluded.gaps,
       state = excluded.state, changed_at = greatest(documents.changed_at, excluded.changed_at)`,
    values,
  );
}

export async function addReceipts(
  session: Session,
  receipts: readonly { summary: ReceiptSummary; body: Uint8Array }[],
): Promise<void> {
  const rows = receipts.map(({ summary, body }) => [...RECEIPT.encode(summary), body]);
  await insertRows(session, "receipts", [...RECEIPT.columns, BODY], rows);
}

export async function amendReceipt(
  session: Session,
  id: Receipt["id"],
  amendment: Parameters<typeof AMENDMENT.encode>[0],
): Promise<void> {
  const places = AMENDMENT.columns.map(() => "?").join(", ");
  await session.run(`update receipts set (${namesOf(AMENDMENT.columns)}) = row(${places}) where id = ?`, [
    ...AMENDMENT.encode(amendment),
    id,
  ]);
}

const NEW_DELIVERY = pick(SCHEMA.deliveries, ...["event_id", "destination", "lane", "due_at", "recorded_at"]);

/**
 * The lanes are locked, so that what is open in them stays so until the commit: the first delivery of a lane
 * where nothing is open is pending, the others are held. An event is recorded once, so a delivery of it
 * exists only where it outlived the event.
 */
export async function addDeliveries(
  session: Session,
  deliveries: readonly { delivery: Delivery; recordedAt: number }[],
): Promise<void> {
  if (deliveries.length === 0) return;
  const { from, values } = given(
    NEW_DELIVERY,
    deliveries.map(({ delivery: { event, destination, lane, dueAt }, recordedAt }) => {
      return [event, destination, lane, dueAt, recordedAt];
    }),
  );
  await runCounted(
    session,
    `insert into deliveries (${namesOf(NEW_DELIVERY)}, status)
     select ${namesOf(NEW_DELIVERY)},
       case when lane is null then 'pending'
            when row_number() over (partition by destination, lane order by n) > 1 then 'held'
            when ${isOpen("given")} then 'held'
            else 'pending' end
     from ${from} order by n
     on conflict (recorded_at, event_id, destination) do nothing
     returning destination, 1 as opened`,
    values,
  );
}
