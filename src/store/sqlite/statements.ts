import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type {
  AttemptRow,
  BacklogRow,
  CandidateRow,
  DeliveryRow,
  DestinationRow,
  DuplicateRow,
  EventRow,
  ReceiptRow,
  RejectionRow,
} from "../db-rows.ts";

/** A prepared statement whose rows have a known shape: the one place where the schema's word is taken for it. */
export interface Query<Row> {
  one(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  /** One after the other, as they are asked for. */
  each(...values: SQLInputValue[]): Iterable<Row>;
  run(...values: SQLInputValue[]): number;
}

export function query<Row = never>(db: DatabaseSync, sql: string): Query<Row> {
  const statement = db.prepare(sql);
  return {
    one: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as Row[],
    each: (...values) => statement.iterate(...values) as Iterable<Row>,
    run: (...values) => Number(statement.run(...values).changes),
  };
}

/** A receipt without its bytes, which are in `bodies`. */
export const RECEIPT =
  "id, source, channel, received_at, query, headers, size, verified, mapping, problems, events, duplicates";
export const REJECTION = "id, source, channel, received_at, query, headers, reason, shown";
export const DELIVERY = "id, event_id, destination, lane, status, reason, attempts, due_at, replayed_after";
export const ATTEMPT = "number, started_at, duration, cause, status, answer, retry_after";

/** From an index alone; the one that was recorded first is then the oldest. */
export const BACKLOG = `select destination, open, (select recorded_at from deliveries where position = first) as oldest from
   (select destination, count(*) as open, min(position) as first from deliveries where due_at is not null group by destination)`;

/** Every statement of the SQLite store, prepared once. Instants are bound, never read from the database's clock. */
export function prepareStatements(db: DatabaseSync) {
  return {
    addReceipt: query(
      db,
      `insert into receipts (id, source, channel, received_at, query, headers, size, verified, mapping, problems, events, duplicates)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    addBody: query(db, "insert into bodies (position, body) values (last_insert_rowid(), ?)"),
    mendReceipt: query(
      db,
      "update receipts set mapping = ?, problems = ?, events = ?, duplicates = ? where id = ?",
    ),
    addRejection: query(
      db,
      `insert into rejections (id, source, channel, received_at, query, headers, body, reason, shown)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    dropOldRejections: query(
      db,
      `delete from rejections where source = ?1 and channel = ?2 and position <=
         (select position from rejections where source = ?1 and channel = ?2
          order by position desc limit 1 offset ?3)`,
    ),
    dropRejection: query(db, "delete from rejections where id = ?"),
    addEvent: query(
      db,
      `insert into events (id, source, channel, type, coalesce_key, happened_at, document_id, receipt_id, recorded_at, body)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing`,
    ),
    addDuplicate: query(
      db,
      "insert or ignore into duplicates (event_id, receipt_id, channel, received_at) values (?, ?, ?, ?)",
    ),
    removeDuplicate: query(db, "delete from duplicates where event_id = ? and receipt_id = ?"),
    // One whose lane has an open one waits for it.
    addDelivery: query(
      db,
      `insert into deliveries (id, event_id, destination, lane, due_at, recorded_at, status)
       values (?1, ?2, ?3, ?4, ?5, ?6, case when exists
         (select 1 from deliveries where destination = ?3 and lane = ?4 and due_at is not null)
         then 'held' else 'pending' end) on conflict (id) do nothing`,
    ),
    addAttempt: query(
      db,
      `insert into attempts (delivery_id, number, started_at, duration, cause, status, answer, retry_after)
       values (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    setDocument: query(
      db,
      `insert into documents (source, id, status, state, changed_at) values (?, ?, ?, ?, ?)
       on conflict (id, source) do update
         set status = excluded.status, state = excluded.state, changed_at = max(changed_at, excluded.changed_at)`,
    ),

    eventById: query<{ id: string }>(db, "select id from events where id = ?"),
    goneById: query<{ id: string }>(db, "select id from tombstones where id = ?"),
    addDedupeKey: query(db, "insert or ignore into dedupe_keys (key, event_id) values (?, ?)"),
    eventsByDedupeKey: query<{ id: string }>(db, "select event_id as id from dedupe_keys where key = ?"),
    candidates: query<CandidateRow>(
      db,
      `select id, happened_at, channel,
         (select json_group_array(json_object('key', key, 'channel', k.channel, 'at', at, 'origin', json(origin)))
          from channel_keys k where k.event_id = events.id) as reports
       from events where coalesce_key = ? and happened_at between ? and ? order by position`,
    ),
    addChannelKey: query(
      db,
      "insert or replace into channel_keys (event_id, key, channel, at, origin) values (?, ?, ?, ?, ?)",
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

    due: query<DeliveryRow & { body: string }>(
      db,
      `select d.id, d.event_id, d.destination, d.lane, d.status, d.reason, d.attempts, d.due_at, d.replayed_after, e.body
       from deliveries d join events e on e.id = d.event_id
       where d.destination = ? and d.status = 'pending' and d.due_at <= ?
       order by d.due_at, d.position limit ?`,
    ),
    lease: query(db, "update deliveries set token = ?, due_at = ? where id = ?"),
    leaseOf: query<{ destination: string; lane: string | null }>(
      db,
      "select destination, lane from deliveries where id = ? and token = ? and status = 'pending'",
    ),
    settle: query(
      db,
      "update deliveries set status = ?, reason = ?, due_at = ?, attempts = coalesce(?, attempts), token = null where id = ?",
    ),
    openness: query<
      Pick<DeliveryRow, "destination" | "lane" | "status" | "due_at"> & { token: string | null }
    >(db, "select destination, lane, status, due_at, token from deliveries where id = ?"),
    letNextGo: query(
      db,
      `update deliveries set status = 'pending' where position =
         (select position from deliveries where destination = ? and lane = ? and due_at is not null order by position limit 1)`,
    ),
    release: query(
      db,
      "update deliveries set due_at = ?, token = null where id = ? and token = ? and status = 'pending'",
    ),
    bringForward: query(
      db,
      `update deliveries set due_at = ?2, token = null
       where destination = ?1 and due_at > ?2
         and (recorded_at > ?2 or (token is not null and due_at > ?2 + ?3)
              or exists (select 1 from attempts a where a.delivery_id = deliveries.id and a.started_at > ?2))`,
    ),
    nextDue: query<{ due_at: number }>(
      db,
      "select due_at from deliveries where destination = ? and status = 'pending' order by due_at limit 1",
    ),
    parkRemoved: query(
      db,
      `update deliveries set status = 'parked', reason = 'destination_removed', due_at = null, token = null
       where due_at is not null and destination not in (select value from json_each(?))`,
    ),
    backlog: query<BacklogRow>(db, BACKLOG),

    receipt: query<ReceiptRow>(
      db,
      `select ${RECEIPT}, body from receipts join bodies using (position) where id = ?`,
    ),
    /** The receipt without its bytes, which may be long. */
    listedReceipt: query<Omit<ReceiptRow, "body">>(db, `select ${RECEIPT} from receipts where id = ?`),
    rejection: query<RejectionRow>(db, `select position, ${REJECTION}, body from rejections where id = ?`),
    countProblems: query<{ count: number }>(
      db,
      "select count(*) as count from (select 1 from receipts where problems is not null limit ?)",
    ),
    event: query<EventRow & { receipt_id: string }>(
      db,
      "select position, receipt_id, body from events where id = ?",
    ),
    duplicates: query<DuplicateRow>(
      db,
      "select receipt_id, channel, received_at from duplicates where event_id = ? order by received_at",
    ),
    deliveriesOf: query<DeliveryRow & { leased: number }>(
      db,
      `select ${DELIVERY}, token is not null as leased from deliveries
       where recorded_at = (select recorded_at from events where id = ?1) and event_id = ?1 order by position`,
    ),
    attemptsOf: query<AttemptRow>(
      db,
      `select ${ATTEMPT} from attempts where delivery_id = ? order by number`,
    ),
    delivery: query<DeliveryRow>(db, `select ${DELIVERY} from deliveries where id = ?`),
    blocking: query<DeliveryRow>(
      db,
      `select ${DELIVERY} from deliveries
       where (destination, lane) = (select destination, lane from deliveries where id = ?1 and status = 'held')
         and due_at is not null and status = 'pending'`,
    ),
    replay: query(
      db,
      "update deliveries set status = ?, reason = null, due_at = ?, replayed_after = attempts where id = ?",
    ),
    destinations: query<DestinationRow>(db, "select name, paused, breaker from destinations order by name"),
    destination: query<DestinationRow>(db, "select name, paused, breaker from destinations where name = ?"),
    setDestination: query(
      db,
      `insert into destinations (name, paused, breaker) values (?, ?, ?)
       on conflict (name) do update set paused = excluded.paused, breaker = excluded.breaker`,
    ),
    addAudit: query(db, "insert into audit (at, action, caller, reason, details) values (?, ?, ?, ?, ?)"),
    probe: query(db, "update probe set writes = writes + 1"),
  };
}

export type Statements = ReturnType<typeof prepareStatements>;
