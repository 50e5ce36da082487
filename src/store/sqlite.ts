import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Delivery } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { NewEvent } from "../domain/unfold.ts";
import { asFault, createGroupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import {
  type EventRow,
  type ListedReceiptRow,
  toAttempt,
  toBacklog,
  toDelivery,
  toDocument,
  toEvent,
  toReceipt,
  toRetelling,
} from "./rows.ts";
import { prepareStatements, query, RECEIPT, type Statements } from "./statements.ts";
import type {
  EventFilter,
  Loan,
  Page,
  PageRequest,
  ReceiptFilter,
  ReceiptSummary,
  Recorded,
  Recording,
  Settlement,
  Store,
} from "./store.ts";

export interface SqliteStore extends Store {
  /** How many transactions have been committed: far fewer than writes, under load. */
  readonly commits: number;
}

export interface SqliteOptions {
  file: string;
  /** A new token for a loan. */
  token(): string;
  /** How long to wait for another process that is writing, in milliseconds; default 2,000. */
  busyTimeout?: number;
}

/**
 * One file on one machine. WAL, so that reading never waits; synchronous=FULL, so that a commit is on disk and not only with
 * the operating system; everything asked for in one turn of the event loop in one commit.
 *
 * @throws CountersignError `cannot_start` when the file cannot be opened or was written by a newer version.
 */
export function openSqliteStore({ file, token, busyTimeout = 2_000 }: SqliteOptions): SqliteStore {
  const db = openDatabase(file, busyTimeout);
  const sql = prepareStatements(db);
  const group = createGroupCommit(db);
  const read = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw asFault(error);
    }
  };

  return {
    record: (recording) => group.write(() => record(sql, recording)),
    claim: (request) => group.write(() => claim(sql, request, token())),
    settle: (settlement) => group.write(() => settle(sql, settlement)),
    giveBack: (loans, now) =>
      group.write(() => {
        for (const loan of loans) sql.giveBack.run(now, loan.delivery.id, loan.token);
      }),
    nextDueAt: (destination) => read(() => sql.nextDue.one(destination)?.due_at ?? null),
    parkRemoved: (names) => group.write(() => sql.parkRemoved.run(JSON.stringify(names))),

    findEvents: (filter, page) => read(() => findEvents(db, filter, page)),
    findEvent: (id) =>
      read(() => {
        const row = sql.event.one(id);
        if (!row) return null;
        const receipt = sql.receipt.one(row.receipt_id);
        return {
          event: toEvent(row),
          receipt: receipt ? toReceipt(receipt) : null,
          retold: sql.retellings.all(id).map(toRetelling),
          deliveries: sql.deliveriesOf.all(id).map((delivery) => ({
            ...toDelivery(delivery),
            history: sql.attemptsOf.all(delivery.id).map(toAttempt),
          })),
        };
      }),
    findReceipts: (filter, page) => read(() => findReceipts(db, filter, page)),
    findReceipt: (id) =>
      read(() => {
        const row = sql.receipt.one(id);
        return row ? { ...toReceipt(row), body: row.body } : null;
      }),
    findDocument: (source, id) => read(() => findDocument(sql, source, id)),
    backlog: () => read(() => sql.backlog.all().map(toBacklog)),

    async probe() {
      await group.write(() => sql.probe.run());
    },
    async close() {
      group.flush();
      db.close();
    },
    get commits() {
      return group.commits;
    },
  };
}

function openDatabase(file: string, timeout: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    db = new DatabaseSync(file, { timeout });
    db.exec(
      "pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory; pragma cache_size = -65536",
    );
    migrate(db, file);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof CountersignError) throw error;
    throw new CountersignError(
      "cannot_start",
      `the store ${file} cannot be opened (${messageOf(error)}): give \`store\` a file in a folder that this user may write to`,
      { cause: error },
    );
  }
}

function record(sql: Statements, { receipt, documents, keys, unfold }: Recording): Recorded {
  const unfolded = unfold({
    documents: new Map(documents.flatMap((id) => knownDocument(sql, receipt.source, id))),
    events: new Map(keys.flatMap((key) => knownEvents(sql, key))),
  });

  const added = unfolded.events.filter((one) => addEvent(sql, one, receipt)).map(({ event }) => event);
  const fresh = new Set(added.map(({ id }) => id));
  const again = unfolded.events.map(({ event }) => event.id).filter((id) => !fresh.has(id));
  const duplicates = [...unfolded.duplicates, ...again];
  for (const id of duplicates) sql.addRetelling.run(id, receipt.id, receipt.channel, receipt.receivedAt);
  for (const document of unfolded.documents) {
    sql.setDocument.run(document.source, document.id, JSON.stringify(document));
  }
  const deliveries = unfolded.deliveries.filter(({ event }) => fresh.has(event));
  for (const delivery of deliveries) addDelivery(sql, delivery, receipt.receivedAt);

  sql.addReceipt.run(
    receipt.id,
    receipt.source,
    receipt.channel,
    receipt.receivedAt,
    receipt.query,
    JSON.stringify(receipt.headers),
    receipt.body,
    receipt.verified,
    receipt.mapping,
    receipt.problems.length === 0 ? null : JSON.stringify(receipt.problems),
    JSON.stringify([...fresh]),
    JSON.stringify(duplicates),
  );
  return {
    events: added,
    duplicates,
    destinations: [...new Set(deliveries.map(({ destination }) => destination))],
  };
}

function knownDocument(sql: Statements, source: string, id: string): [string, Document][] {
  const document = findDocument(sql, source, id);
  return document ? [[id, document]] : [];
}

function findDocument(sql: Statements, source: string, id: string): Document | null {
  const row = sql.document.one(source, id);
  return row ? toDocument(row) : null;
}

function knownEvents(sql: Statements, key: string): [string, string[]][] {
  const same = sql.eventById.one(key);
  if (same) return [[key, [same.id]]];
  const told = sql.eventsToldAs.all(key);
  return told.length > 0 ? [[key, told.map(({ id }) => id)]] : [];
}

/** False: it exists already. */
function addEvent(sql: Statements, { event, key }: NewEvent, receipt: Receipt): boolean {
  const added = sql.addEvent.run(
    event.id,
    key === event.id ? null : key,
    event.source,
    event.type,
    event.document?.id ?? null,
    receipt.id,
    receipt.receivedAt,
    JSON.stringify(event),
  );
  return added === 1;
}

function addDelivery(sql: Statements, delivery: Delivery, recordedAt: number): void {
  const { id, event, destination, lane, dueAt } = delivery;
  const waits = lane !== null && sql.laneIsOpen.one(destination, lane) !== undefined;
  sql.addDelivery.run(id, event, destination, lane, waits ? "held" : "pending", dueAt, recordedAt);
}

function claim(
  sql: Statements,
  { destination, limit, now, until }: { destination: string; limit: number; now: number; until: number },
  token: string,
): Loan[] {
  const rows = sql.due.all(destination, now, limit);
  for (const row of rows) sql.lend.run(token, until, row.id);
  return rows.map((row) => ({ delivery: toDelivery({ ...row, due_at: until }), event: toEvent(row), token }));
}

function settle(sql: Statements, { delivery, token, attempt, outcome }: Settlement): boolean {
  const loan = sql.loan.one(delivery, token);
  if (!loan) return false;

  const { number, startedAt, duration, cause, status, answer, retryAfter } = attempt;
  sql.addAttempt.run(delivery, number, startedAt, duration, cause, status, answer, retryAfter);
  const reason = outcome.status === "parked" ? outcome.reason : null;
  const dueAt = outcome.status === "pending" ? outcome.dueAt : null;
  sql.settle.run(outcome.status, reason, dueAt, number, delivery);
  if (dueAt === null && loan.lane !== null) sql.letNextGo.run(loan.destination, loan.lane);
  return true;
}

function findEvents(db: DatabaseSync, filter: EventFilter, page: PageRequest): Page<Event> {
  const equal = { type: filter.type, source: filter.source, document_id: filter.document };
  return toPage(list<EventRow>(db, { columns: "body", table: "events", equal }, page), page, toEvent);
}

function findReceipts(db: DatabaseSync, filter: ReceiptFilter, page: PageRequest): Page<ReceiptSummary> {
  const equal = { source: filter.source, channel: filter.channel };
  const where = filter.problems ? ["problems is not null"] : [];
  const rows = list<ListedReceiptRow>(db, { columns: RECEIPT, table: "receipts", equal, where }, page);
  return toPage(rows, page, toReceipt);
}

interface Listing {
  columns: string;
  table: string;
  /** Columns that must have a value; undefined: not asked for. */
  equal: Readonly<Record<string, string | undefined>>;
  where?: readonly string[];
}

/** Names only the columns that are asked for, so that the index made for each of them is used; one row more than the page has. */
function list<Row>(
  db: DatabaseSync,
  { columns, table, equal, where = [] }: Listing,
  page: PageRequest,
): Row[] {
  const asked = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = ["position > ?", ...where, ...asked.map(([column]) => `${column} = ?`)].join(" and ");
  const statement = query<Row>(
    db,
    `select position, ${columns} from ${table} where ${all} order by position limit ?`,
  );
  return statement.all(after(page), ...asked.map(([, value]) => value), page.limit + 1);
}

function after({ cursor }: PageRequest): number {
  return cursor === undefined ? 0 : Number.parseInt(cursor, 36);
}

/** One row more than asked for says that there is a next page. */
function toPage<Row extends { position: number }, T>(
  rows: readonly Row[],
  { limit }: PageRequest,
  convert: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(convert),
    next: rows.length > limit && last ? last.position.toString(36) : null,
  };
}
