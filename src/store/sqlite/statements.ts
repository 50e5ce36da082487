import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { DeliveryStatus } from "../../domain/delivery.ts";
import type { Column, DbRow } from "../columns.ts";
import { columnsOf, namesOf } from "../description.ts";
import type { CandidateRow } from "../sql/candidate.ts";
import { IS_DELIVERY } from "../sql/find.ts";
import type { FollowingRow } from "../sql/followers.ts";
import { selectOf } from "../sql/session.ts";
import {
  AMENDMENT,
  ATTEMPT,
  AUDIT_ENTRY,
  CHANNEL_KEY,
  DELIVERY,
  DESTINATION,
  DUPLICATE,
  EXCEPTION,
  LEASED_EVENT,
  NOTE,
  PROOF,
  RECEIPT,
  SCHEMA,
} from "../tables.ts";

/** A prepared statement. The type of its rows is the schema's word: it is trusted. */
export interface Query<Row> {
  one(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  run(...values: SQLInputValue[]): number;
}

export function query<Row = never>(db: DatabaseSync, sql: string): Query<Row> {
  const statement = db.prepare(sql);
  return {
    one: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as Row[],
    run: (...values) => Number(statement.run(...values).changes),
  };
}

/** A place for each of the values of a row. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => "?").join(", ")})`;
}

function insertInto(table: string, columns: readonly Column[]): string {
  return `insert into ${table} (${namesOf(columns)}) values ${placeholders(columns.length)}`;
}

const EVENT_ID: Column = { name: "event_id", type: "text" };
const PARENT_DELIVERY: Column = { name: "delivery", type: "bigint" };

export interface LeasedRow {
  destination: string;
  lane: string | null;
}

/** The hot statements, prepared once. Instants are bound, never read from the database's clock. */
export function prepareStatements(db: DatabaseSync) {
  return {
    addReceipt: query(db, insertInto("receipts", RECEIPT.columns)),
    addBody: query(db, "insert into bodies (position, body) values (last_insert_rowid(), ?)"),
    amendReceipt: query(
      db,
      `update receipts set (${namesOf(AMENDMENT.columns)}) = ${placeholders(AMENDMENT.columns.length)}
       where id = ?`,
    ),
    addRejection: query(db, insertInto("rejections", columnsOf(SCHEMA.rejections))),
    dropOldRejections: query(
      db,
      `delete from rejections where source = ?1 and channel = ?2 and position <=
         (select position from rejections where source = ?1 and channel = ?2
          order by position desc limit 1 offset ?3)`,
    ),
    dropRejection: query(db, "delete from rejections where id = ?"),
    addEvent: query(db, `${insertInto("events", columnsOf(SCHEMA.events))} on conflict (id) do nothing`),
    addDuplicate: query(
      db,
      `${insertInto("duplicates", [EVENT_ID, ...DUPLICATE.columns])} on conflict do nothing`,
    ),
    removeDuplicate: query(db, "delete from duplicates where event_id = ? and receipt_id = ?"),
    // A delivery whose lane has an open one waits for it.
    addDelivery: query(
      db,
      `insert into deliveries (event_id, destination, lane, due_at, recorded_at, status)
       values (?1, ?2, ?3, ?4, ?5, case when exists
         (select 1 from deliveries where destination = ?2 and lane = ?3 and due_at is not null)
         then 'held' else 'pending' end) on conflict do nothing`,
    ),
    addAttempt: query(db, insertInto("attempts", [PARENT_DELIVERY, ...ATTEMPT.columns])),
    setDocument: query(
      db,
      `${insertInto("documents", columnsOf(SCHEMA.documents))}
       on conflict (id, source) do update
         set status = excluded.status, gaps = excluded.gaps, state = excluded.state,
           changed_at = max(changed_at, excluded.changed_at)`,
    ),

    eventById: query<{ id: string }>(db, "select id from events where id = ?"),
    tombstoneById: query<{ id: string }>(db, "select id from tombstones where id = ?"),
    addDedupeKey: query(db, "insert or ignore into dedupe_keys (key, event_id) values (?, ?)"),
    eventsByDedupeKey: query<{ id: string }>(db, "select event_id as id from dedupe_keys where key = ?"),
    candidates: query<CandidateRow>(
      db,
      `select id, happened_at, channel,
         (select json_group_array(json_object(
            'key', key, 'channel', k.channel, 'at', at, 'origin', json(origin)))
          from channel_keys k where k.event_id = events.id) as reports
       from events where coalesce_key = ? and happened_at between ? and ? order by position`,
    ),
    addChannelKey: query(
      db,
      `${insertInto("channel_keys", [EVENT_ID, ...CHANNEL_KEY.columns])}
       on conflict (key, channel, event_id) do update set at = excluded.at, origin = excluded.origin`,
    ),
    removeChannelKey: query(db, "delete from channel_keys where event_id = ? and key = ? and channel = ?"),
    merged: query<{ event_id: string }>(
      db,
      "select event_id from channel_keys where key = ? and channel = ? and event_id <> key",
    ),
    addLink: query(db, "insert or replace into links (source, signer_id, document_id) values (?, ?, ?)"),
    link: query<{ document_id: string }>(
      db,
      "select document_id from links where source = ? and signer_id = ?",
    ),
    document: query<{ state: string }>(db, "select state from documents where source = ? and id = ?"),
    laneIsOpen: query<{ open: number }>(
      db,
      "select 1 as open from deliveries where destination = ? and lane = ? and due_at is not null limit 1",
    ),

    due: query<DbRow & { position: number }>(
      db,
      `select d.position, ${selectOf({ isPostgres: false }, DELIVERY.columns)}, ${namesOf(LEASED_EVENT.columns)}
       from deliveries d join events e on e.id = d.event_id
       where d.destination = ? and d.status = 'pending' and d.due_at <= ?
       order by d.due_at, d.position limit ?`,
    ),
    following: query<FollowingRow>(
      db,
      `select d.position, ${selectOf({ isPostgres: false }, DELIVERY.columns)}, e.body,
         d.batch is l.batch and (d.batch is not null
           or d.recorded_at / cast(?2 as integer) = l.recorded_at / cast(?2 as integer)) as together
       from (select destination as to_name, lane as in_lane, recorded_at, batch
             from deliveries where position = ?1) l
       join deliveries d on d.destination = l.to_name and d.lane = l.in_lane
       join events e on e.id = d.event_id
       where d.due_at is not null and d.position > ?1
       order by d.position limit ?3`,
    ),
    closeBatch: query(db, "update deliveries set batch = coalesce(batch, ?) where position = ?"),
    isHeld: query<{ position: number }>(
      db,
      `select position from deliveries
       where position = ? and destination = ? and lane = ? and status = 'held'`,
    ),
    lease: query(db, "update deliveries set token = ?, due_at = ? where position = ?"),
    // A lease that has ended is due anyway.
    endLeases: query(
      db,
      `update deliveries set token = null, due_at = ?1
       where status = 'pending' and due_at > ?1 and token is not null`,
    ),
    leaseOf: query<LeasedRow>(
      db,
      "select destination, lane from deliveries where position = ? and token = ? and status = 'pending'",
    ),
    settle: query(
      db,
      `update deliveries set status = ?, reason = ?, due_at = ?, attempts = coalesce(?, attempts), token = null
       where position = ?`,
    ),
    stateOf: query<{
      position: number;
      destination: string;
      lane: string | null;
      status: DeliveryStatus;
      due_at: number | null;
      token: string | null;
    }>(db, `select position, destination, lane, status, due_at, token from deliveries where ${IS_DELIVERY}`),
    letNextGo: query(
      db,
      `update deliveries set status = 'pending' where position =
         (select position from deliveries where destination = ? and lane = ? and due_at is not null
          order by position limit 1)`,
    ),
    release: query(
      db,
      "update deliveries set due_at = ?, token = null where position = ? and token = ? and status = 'pending'",
    ),
    bringForward: query(
      db,
      `update deliveries set due_at = ?2, token = null
       where destination = ?1 and due_at > ?2
         and (recorded_at > ?2 or (token is not null and due_at > ?2 + ?3)
              or exists (select 1 from attempts a
                         where a.delivery = deliveries.position and a.started_at > ?2))`,
    ),
    nextDue: query<{ due_at: number }>(
      db,
      "select due_at from deliveries where destination = ? and status = 'pending' order by due_at limit 1",
    ),
    openOfRemoved: query<{ destination: string; open: number }>(
      db,
      `select destination, open from backlog
       where open > 0 and destination not in (select value from json_each(?))`,
    ),
    parkRemoved: query(
      db,
      `update deliveries set status = 'parked', reason = 'destination_removed', due_at = null, token = null
       where due_at is not null and destination not in (select value from json_each(?))`,
    ),
    listedReceipt: query<DbRow>(db, `select ${namesOf(RECEIPT.columns)} from receipts where id = ?`),
    replay: query(
      db,
      `update deliveries set status = ?, reason = null, due_at = ?, replayed_after = attempts, acknowledged_at = null
       where position = ?`,
    ),
    acknowledge: query(
      db,
      "update deliveries set acknowledged_at = ? where position = ? and acknowledged_at is null",
    ),
    destination: query<DbRow>(db, `select ${namesOf(DESTINATION.columns)} from destinations where name = ?`),
    setDestination: query(
      db,
      `${insertInto("destinations", DESTINATION.columns)}
       on conflict (name) do update set paused = excluded.paused, breaker = excluded.breaker`,
    ),
    addAudit: query(db, insertInto("audit", AUDIT_ENTRY.columns)),
    noteVersion: query<{ version: number }>(db, "select version from notes where kind = ? and key = ?"),
    setNote: query(
      db,
      `${insertInto("notes", NOTE.columns)}
       on conflict (kind, key) do update set version = excluded.version, value = excluded.value`,
    ),
    removeNote: query(db, "delete from notes where kind = ? and key = ?"),
    addProof: query(db, `${insertInto("proofs", PROOF.columns)} on conflict (id) do nothing`),
    addException: query(db, insertInto("exceptions", EXCEPTION.columns)),
    dropException: query(db, "delete from exceptions where id = ?"),
    probe: query(db, "update probe set writes = writes + 1"),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;
