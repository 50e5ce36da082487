import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { makePrivateFile, makePrivateFolder } from "../private-files.ts";
import { toBacklog, toDelivery, toDestination, toReceipt, toRejection } from "./db-rows.ts";
import type { DestinationState } from "./port/control.ts";
import { MAX_COUNT } from "./port/paging.ts";
import { keepingReceipts } from "./refused.ts";
import { read, whyRefused } from "./sqlite/errors.ts";
import {
  findAudit,
  findDeliveries,
  findDocuments,
  findEvent,
  findEvents,
  findReceipts,
  findRejections,
  listRejections,
} from "./sqlite/find.ts";
import { createGroupCommit } from "./sqlite/group-commit.ts";
import { migrate } from "./sqlite/migrate.ts";
import { createPruning } from "./sqlite/prune.ts";
import { claim, countReplay, replay, settle, skip } from "./sqlite/queue.ts";
import { amend, findDocument, record, reject } from "./sqlite/inbox.ts";
import { createRestoring } from "./sqlite/restore.ts";
import { openSnapshot } from "./sqlite/snapshot.ts";
import { prepareStatements, type Statements } from "./sqlite/statements.ts";
import type { Store } from "./store.ts";

export interface SqliteStore extends Store {
  /** How many transactions have been committed: far fewer than writes, under load. */
  readonly commits: number;
}

export interface SqliteOptions {
  file: string;
  /** A new token for a lease. */
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
  const prune = createPruning(db);
  const { restore } = createRestoring(db);
  const group = createGroupCommit(db);

  return {
    record: keepingReceipts(
      (recording) => group.write(() => record(sql, recording), recording.lookup.dedupeKeys.length),
      whyRefused,
    ),
    amend: keepingReceipts(
      (recording) => group.write(() => amend(sql, recording), recording.lookup.dedupeKeys.length),
      whyRefused,
    ),
    reject: (rejection, keep) => group.write(() => reject(sql, rejection, keep)),
    findRejections: (filter, page) => read(() => findRejections(db, filter, page)),
    listRejections: (filter, page) => read(() => listRejections(db, filter, page)),
    findRejection: (id) =>
      read(() => {
        const row = sql.rejection.one(id);
        return row ? toRejection(row) : null;
      }),
    dropRejection: (id) => group.write(() => sql.dropRejection.run(id) === 1),
    claim: (request) => group.write(() => claim(sql, request, token())),
    settle: (settlement) => group.write(() => settle(sql, settlement)),
    release: (leases, now) =>
      group.write(() => {
        for (const lease of leases) sql.release.run(now, lease.delivery.id, lease.token);
      }),
    bringForward: ({ destination, now, lease }) =>
      group.write(() => sql.bringForward.run(destination, now, lease)),
    skip: (delivery, now) => group.write(() => skip(sql, delivery, now)),
    nextDueAt: (destination) => read(() => sql.nextDue.one(destination)?.due_at ?? null),
    parkRemoved: (names) => group.write(() => sql.parkRemoved.run(JSON.stringify(names))),

    findEvents: (filter, page) => read(() => findEvents(db, filter, page)),
    findEvent: (id) => read(() => findEvent(sql, id)),
    findReceipts: (filter, page) => read(() => findReceipts(db, filter, page)),
    findReceipt: (id) =>
      read(() => {
        const row = sql.receipt.one(id);
        return row ? { ...toReceipt(row), body: row.body } : null;
      }),
    countProblems: () => read(() => sql.countProblems.one(MAX_COUNT)?.count ?? 0),
    findDocuments: (filter, page) => read(() => findDocuments(db, filter, page)),
    findDocument: (source, id) => read(() => findDocument(sql, source, id)),
    findDeliveries: (filter, page) => read(() => findDeliveries(db, filter, page)),
    findDelivery: (id) =>
      read(() => {
        const row = sql.delivery.one(id);
        return row ? toDelivery(row) : null;
      }),
    findBlocking: (id) =>
      read(() => {
        const row = sql.blocking.one(id);
        return row ? toDelivery(row) : null;
      }),
    countReplay: (filter) => read(() => countReplay(db, filter)),
    replay: (filter, page, due) => group.write(() => replay(db, sql, filter, page, due)),

    destinations: () => read(() => sql.destinations.all().map(toDestination)),
    saveDestination: (name, state) => group.write(() => saveDestination(sql, name, state)),
    addAudit: ({ at, action, caller, reason, details }) =>
      group.write(() => void sql.addAudit.run(at, action, caller, reason, JSON.stringify(details))),
    findAudit: (page) => read(() => findAudit(db, page)),
    backlog: () => read(() => sql.backlog.all().map(toBacklog)),

    prune: (step) => group.write(() => prune(step)),
    snapshot: () => read(() => openSnapshot(db, file, busyTimeout)),
    restore: (table, rows) => group.write(() => restore(table, rows)),

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

const SETTINGS = [
  "journal_mode = wal",
  "synchronous = full",
  "temp_store = memory",
  // In KB. What does not fit is with the operating system; four times as much is no faster at a million events.
  "cache_size = -16384",
  // In pages, 16 MB: under load a page is changed in many commits, and is copied from the log into the database once for all.
  "wal_autocheckpoint = 4000",
];

/** What lies beside the file takes over its mode. */
export function filesOf(file: string): readonly string[] {
  return file === IN_MEMORY ? [] : [file, `${file}-wal`, `${file}-shm`];
}

const IN_MEMORY = ":memory:";

function openDatabase(file: string, timeout: number): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (file !== IN_MEMORY) {
      makePrivateFolder(dirname(file));
      makePrivateFile(file);
    }
    db = new DatabaseSync(file, { timeout });
    for (const setting of SETTINGS) db.exec(`pragma ${setting}`);
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

function saveDestination(sql: Statements, name: string, given: Partial<DestinationState>): void {
  const row = sql.destination.one(name);
  const { paused, breaker } = { paused: null, breaker: null, ...(row && toDestination(row)), ...given };
  sql.setDestination.run(name, asJson(paused), asJson(breaker));
}

function asJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}
