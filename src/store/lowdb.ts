import { dirname } from "node:path";
import { Low } from "lowdb";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { makePrivateFolder } from "../private-files.ts";
import { EMPTY } from "./lowdb/contents.ts";
import { createDurableFile } from "./lowdb/durable-file.ts";
import {
  countProblems,
  findAudit,
  findDeliveries,
  findDocuments,
  findEvent,
  findEvents,
  findReceipt,
  findReceipts,
  findRejection,
  findRejections,
  listRejections,
} from "./lowdb/find.ts";
import { createGroupCommit } from "./lowdb/group-commit.ts";
import { addAudit, dropRejection, saveDestination, statesOf } from "./lowdb/keep.ts";
import { refuseGrowth, watchGrowth } from "./lowdb/limit.ts";
import { lock } from "./lowdb/lock.ts";
import { prune } from "./lowdb/prune.ts";
import {
  backlog,
  bringForward,
  claim,
  countReplay,
  findBlocking,
  parkRemoved,
  release,
  replay,
  settle,
  skip,
} from "./lowdb/queue.ts";
import { amend, record, reject } from "./lowdb/record.ts";
import { restore } from "./lowdb/restore.ts";
import { takeSnapshot } from "./lowdb/snapshot.ts";
import { createTables, pair } from "./lowdb/tables.ts";
import type { Store } from "./store.ts";
import type { WarnOfStore } from "./warning.ts";

export interface LowdbStore extends Store {
  /** How often the file has been written: far less often than the store, under load. */
  readonly commits: number;
}

export interface LowdbOptions {
  file: string;
  /** A new token for a lease. */
  token(): string;
  /** Told when the file was damaged and the copy from before its last write is used, and when it is nearly full. */
  warn: WarnOfStore;
  /** How many events are kept before no more are taken; default 10,000. */
  maxEvents?: number;
  /** How long the file may grow before no more requests are taken, in bytes; default 64 MiB. */
  maxBytes?: number;
}

/** Refused requests may take so much of the file. */
const REJECTED_SHARE = 1 / 8;

/**
 * One JSON file that a person can read, for a first try, tests and small sites. All of it is in memory; a write makes a flushed
 * copy that takes the file's place. Since each write is as long as the file, it does not grow past a limit: `record`, `amend`
 * and `restore` then reject with `store_unavailable`, and all else goes on.
 *
 * @throws CountersignError `cannot_start` when the file cannot be opened, another process has it, or nothing good is left of it.
 */
export async function openLowdbStore(options: LowdbOptions): Promise<LowdbStore> {
  const { file, token, warn, maxEvents = 10_000, maxBytes = 64 * 1_024 ** 2 } = options;
  const { disk, low, unlock } = await openFile(options);
  const tables = createTables(low.data);
  low.data = tables;
  const limit = { file, maxEvents, maxBytes };
  const watch = watchGrowth(tables, limit, (sentence) => warn(sentence, "nearly_full"));
  watch();
  const save = async () => {
    await low.write();
    watch();
  };
  const group = createGroupCommit(file, { journal: tables.journal, save });
  const { write, read } = group;
  const writeWithin = <T>(work: () => T) =>
    write(() => {
      const before = tables.events.size;
      const done = work();
      refuseGrowth(tables, tables.events.size - before, limit);
      return done;
    });

  return {
    record: (recording) => writeWithin(() => record(tables, recording)),
    amend: (recording) => writeWithin(() => amend(tables, recording)),
    reject: (rejection, keep) => write(() => reject(tables, rejection, keep, maxBytes * REJECTED_SHARE)),
    findRejections: (filter, page) => read(() => findRejections(tables, filter, page)),
    listRejections: (filter, page) => read(() => listRejections(tables, filter, page)),
    findRejection: (id) => read(() => findRejection(tables, id)),
    dropRejection: (id) => write(() => dropRejection(tables, id)),
    claim: (request) => write(() => claim(tables, request, token())),
    settle: (settlement) => write(() => settle(tables, settlement)),
    release: (leases, now) => write(() => release(tables, leases, now)),
    bringForward: (request) => write(() => bringForward(tables, request)),
    skip: (delivery, now) => write(() => skip(tables, delivery, now)),
    nextDueAt: (destination) => read(() => tables.due.of(destination)[0]?.delivery.dueAt ?? null),
    parkRemoved: (names) => write(() => parkRemoved(tables, names)),

    findEvents: (filter, page) => read(() => findEvents(tables, filter, page)),
    findEvent: (id) => read(() => findEvent(tables, id)),
    findReceipts: (filter, page) => read(() => findReceipts(tables, filter, page)),
    findReceipt: (id) => read(() => findReceipt(tables, id)),
    countProblems: () => read(() => countProblems(tables)),
    findDocuments: (filter, page) => read(() => findDocuments(tables, filter, page)),
    findDocument: (source, id) => read(() => tables.documents.get(pair(source, id))?.document ?? null),
    findDeliveries: (filter, page) => read(() => findDeliveries(tables, filter, page)),
    findDelivery: (id) => read(() => tables.deliveries.get(id)?.delivery ?? null),
    findBlocking: (id) => read(() => findBlocking(tables, id)),
    countReplay: (filter) => read(() => countReplay(tables, filter)),
    replay: (filter, page, due) => write(() => replay(tables, filter, page, due)),

    destinations: () => read(() => statesOf(tables)),
    saveDestination: (name, state) => write(() => saveDestination(tables, name, state)),
    addAudit: (entry) => write(() => addAudit(tables, entry)),
    findAudit: (page) => read(() => findAudit(tables, page)),
    backlog: () => read(() => backlog(tables)),

    prune: (step) => write(() => prune(tables, step)),
    snapshot: () => read(() => takeSnapshot(tables)),
    restore: (table, rows) => writeWithin(() => restore(tables, table, rows)),

    async probe() {
      // A line beside the file is enough to see that the disk takes it, as long as the file itself could be written.
      if (group.failing) await write(() => undefined);
      else await group.guard(disk.probe);
    },
    async close() {
      await group.idle();
      unlock();
    },
    get commits() {
      return group.commits;
    },
  };
}

/** What may be left of it while no process has it open. */
export function filesOf(file: string): readonly string[] {
  return [file, `${file}.bak`, `${file}.new`, `${file}.damaged`];
}

async function openFile({ file, warn }: LowdbOptions) {
  let unlock = () => {};
  try {
    makePrivateFolder(dirname(file));
    unlock = lock(file);
    const disk = createDurableFile(file, (sentence) => warn(sentence, "recovered"));
    const low = new Low(disk, EMPTY);
    await low.read();
    return { disk, low, unlock };
  } catch (error) {
    unlock();
    if (error instanceof CountersignError) throw error;
    throw new CountersignError(
      "cannot_start",
      `the store ${file} cannot be opened (${messageOf(error)}): give \`store\` a file in a folder that this user may write to`,
      { cause: error },
    );
  }
}
