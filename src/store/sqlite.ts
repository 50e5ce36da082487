import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makePrivateFile, makePrivateFolder } from "../private-files.ts";
import { cannotOpen, ownFile } from "./owned-file.ts";
import type { RecordRequest } from "./port/inbox.ts";
import { keepingReceipts } from "./refused.ts";
import { createReads } from "./sql/reads.ts";
import { acknowledgeable, replayable } from "./sql/replayable.ts";
import { restore } from "./sql/restore.ts";
import { addAudit, saveDestination } from "./sqlite/control.ts";
import { whyRefused } from "./sqlite/errors.ts";
import { createGroupCommit, type GroupCommit } from "./sqlite/group-commit.ts";
import { amend, dropRejection, record, reject } from "./sqlite/inbox.ts";
import { migrate } from "./sqlite/migrate.ts";
import { changeNotes } from "./sqlite/notes.ts";
import { acknowledgeOne, parkRemoved, skip } from "./sqlite/park.ts";
import { createPruning } from "./sqlite/prune.ts";
import { backlog, bringForward, claim, endLeases, nextDueAt, release, settle } from "./sqlite/queue.ts";
import { acknowledge, countChosen, replay } from "./sqlite/replay.ts";
import { createSession } from "./sqlite/session.ts";
import { openSnapshot } from "./sqlite/snapshot.ts";
import { prepareStatements } from "./sqlite/statements.ts";
import type { Store } from "./store.ts";
import { EXCEPTION, PROOF } from "./tables.ts";

export interface SqliteStore extends Store {
  /** The number of transactions committed: far fewer than writes, under load. */
  readonly commits: number;
}

export interface SqliteOptions {
  file: string;
  /** A new token for a lease. */
  token(): string;
  /** How long to wait for another process that is writing, in milliseconds; default 2,000. */
  busyTimeout?: number;
  /**
   * The process owns the file, as a bridge does: a second owner is refused. Default: no, as for commands that
   * read beside a running bridge.
   */
  owned?: boolean;
}

/**
 * One file on one machine. WAL, so that reads never wait; synchronous=FULL, so that a commit is on disk and
 * not only with the operating system. Writes that are asked for in one turn of the event loop share a commit.
 *
 * @throws CountersignError `cannot_start` when the file cannot be opened, its schema is newer, or another
 *   process owns it.
 */
export function openSqliteStore(options: SqliteOptions): SqliteStore {
  const { file, token, busyTimeout = 2_000, owned = false } = options;
  const disown = owned ? ownFile(file) : () => {};
  try {
    const db = openDatabase(file, busyTimeout);
    return createStore(db, createGroupCommit(db), { file, token, busyTimeout, onClose: disown });
  } catch (error) {
    disown();
    throw error;
  }
}

interface StoreParts extends Required<Omit<SqliteOptions, "owned">> {
  /** Called once the database is closed. */
  onClose(): void;
}

/**
 * The store over an open database. `group` decides when a write is answered, and when a read is carried out.
 */
export function createStore(
  db: DatabaseSync,
  group: GroupCommit,
  { file, token, busyTimeout, onClose }: StoreParts,
): SqliteStore {
  const sql = prepareStatements(db);
  const session = createSession(db);
  const prune = createPruning(db);
  const { read } = group;
  const aboutOf = ({ lookup }: RecordRequest) =>
    ({ adds: "requests", weight: lookup.dedupeKeys.length }) as const;

  return {
    ...createReads(session, read),
    record: keepingReceipts(
      (request) => group.write((count) => record(sql, request, count), aboutOf(request)),
      whyRefused,
    ),
    amend: keepingReceipts((request) => group.write(() => amend(sql, request), aboutOf(request)), whyRefused),
    reject: (rejection, keep) =>
      group.write((count) => reject(sql, rejection, keep, count), { adds: "rejections" }),
    dropRejection: (id) => group.write(() => dropRejection(sql, id)),

    endLeases: (now) => group.write(() => endLeases(sql, now)),
    // When a power cut undoes a claim, its process has ended too, and so have its leases.
    claim: (request) => group.write(() => claim(sql, request, token()), { durable: false }),
    settle: (settlement) => group.write((count) => settle(sql, settlement, count)),
    release: (leases, now) => group.write(() => release(sql, leases, now)),
    bringForward: (request) => group.write(() => bringForward(sql, request)),
    skip: (delivery, now) => group.write((count) => skip(sql, delivery, now, count)),
    nextDueAt: (destination) => read(() => nextDueAt(sql, destination)),
    parkRemoved: (names, now) => group.write((count) => parkRemoved(sql, names, now, count)),
    backlog: () => read(() => backlog(session)),

    saveDestination: (name, state) => group.write(() => saveDestination(sql, name, state)),
    countReplay: (filter) => read(() => countChosen(db, replayable(filter))),
    replay: (filter, page, due) => group.write(() => replay(db, sql, filter, page, due)),
    countAcknowledge: (filter) => read(() => countChosen(db, acknowledgeable(filter))),
    acknowledge: (filter, page, now) => group.write(() => acknowledge(db, sql, filter, page, now)),
    acknowledgeOne: (id, now) => group.write(() => acknowledgeOne(sql, id, now)),
    addAudit: (entry) => group.write(() => addAudit(sql, entry)),
    changeNotes: (changes) => group.write(() => changeNotes(sql, changes)),

    keepProof: (report) => group.write(() => void sql.addProof.run(...PROOF.encode(report))),
    addParityException: (one) => group.write(() => void sql.addException.run(...EXCEPTION.encode(one))),
    dropParityException: (id) => group.write(() => sql.dropException.run(id) === 1),

    prune: (step) => group.write(() => prune(step)),
    snapshot: () => read(() => openSnapshot(db, file, busyTimeout)),
    restore: (table, rows) => group.alone(() => restore(session, table, rows), { adds: "requests" }),

    async probe() {
      await group.write(() => sql.probe.run());
    },
    async close() {
      await group.idle();
      db.close();
      onClose();
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
  // In KB. The operating system caches the rest; four times as much is no faster at a million events.
  "cache_size = -16384",
  // In pages, 16 MB: under load many commits change a page, and one copy from the log into the database is
  // enough.
  "wal_autocheckpoint = 4000",
];

/** The files beside the database take over its mode. */
export function filesOf(file: string): readonly string[] {
  return file === IN_MEMORY ? [] : [file, `${file}-wal`, `${file}-shm`];
}

export const IN_MEMORY = ":memory:";

/** @throws CountersignError `cannot_start`. */
export function openDatabase(file: string, timeout: number): DatabaseSync {
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
    throw cannotOpen(file, error);
  }
}
