import type { DatabaseSync } from "node:sqlite";
import { Low } from "lowdb";
import { EMPTY } from "./lowdb/contents.ts";
import { createDurableFile } from "./lowdb/durable-file.ts";
import { createFileCommit } from "./lowdb/group-commit.ts";
import { refuseGrowth, watchGrowth } from "./lowdb/limit.ts";
import { createWorkingCopy } from "./lowdb/working-copy.ts";
import { cannotOpen, ownFile } from "./owned-file.ts";
import { createStore, IN_MEMORY, openDatabase } from "./sqlite.ts";
import type { Store } from "./store.ts";
import type { WarnOfStore } from "./warning.ts";

export interface LowdbStore extends Store {
  /** The number of times that the file was written: under load far below the number of calls. */
  readonly commits: number;
}

export interface LowdbOptions {
  file: string;
  /** A new token for a lease. */
  token(): string;
  /** Told when a damaged file is replaced by its backup, and when the file is nearly full. */
  warn: WarnOfStore;
  /** The number of events beyond which requests are refused; default 10,000. */
  maxEvents?: number;
  /** The length of the file in bytes beyond which requests are refused; default 64 MiB. */
  maxBytes?: number;
}

/** Rejections take this part of the file at most. */
const REJECTED_SHARE = 1 / 8;

/**
 * One JSON file that a person can read, for a first try, tests and small sites. The working copy is a SQLite
 * store in memory. A commit writes a copy of the file, flushes it and puts it in the file's place. Since each
 * write is as long as the file, the file has a limit: beyond it `record`, `amend` and `restore` reject with
 * `store_unavailable`, and all else goes on.
 *
 * @throws CountersignError `cannot_start` when the file cannot be opened, another process has it, or neither
 * the file nor its backup is undamaged.
 */
export async function openLowdbStore(options: LowdbOptions): Promise<LowdbStore> {
  const { file, token, warn, maxEvents = 10_000, maxBytes = 64 * 1_024 ** 2 } = options;
  const { disk, low, db, copy, disown } = await openFile(options);
  const limit = { file, maxEvents, maxBytes };
  const watch = watchGrowth(copy, limit, (sentence) => warn(sentence, "nearly_full"));
  watch();
  const save = async () => {
    await low.write();
    watch();
  };
  const group = createFileCommit(db, {
    ...{ file, copy, save },
    afterWrite({ adds, newEvents }) {
      if (adds === "requests") refuseGrowth(copy, newEvents, limit);
      if (adds === "rejections") copy.trimRejections(maxBytes * REJECTED_SHARE);
    },
  });
  const store = createStore(db, group, { file: IN_MEMORY, token, busyTimeout: 0, onClose: disown });

  return {
    ...store,
    async probe() {
      // A line beside the file shows that the disk takes it, unless the file itself could not be written.
      if (group.failing) await group.write(() => undefined);
      else await group.guard(disk.probe);
    },
    get commits() {
      return group.commits;
    },
  };
}

/** The file and those beside it that may be there while no process has the store open. */
export function filesOf(file: string): readonly string[] {
  return [file, `${file}.bak`, `${file}.new`, `${file}.damaged`];
}

async function openFile({ file, warn }: LowdbOptions) {
  const disown = ownFile(file);
  let db: DatabaseSync | undefined;
  try {
    const disk = createDurableFile(file, (sentence) => warn(sentence, "recovered"));
    const low = new Low(disk, EMPTY);
    await low.read();
    db = openDatabase(IN_MEMORY, 0);
    const copy = await createWorkingCopy(db, low.data);
    low.data = copy;
    return { disk, low, db, copy, disown };
  } catch (error) {
    db?.close();
    disown();
    throw cannotOpen(file, error);
  }
}
