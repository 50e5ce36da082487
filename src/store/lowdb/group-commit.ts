import type { DatabaseSync } from "node:sqlite";
import { CountersignError, messageOf } from "../../domain/errors.ts";
import { asFault, read } from "../sqlite/errors.ts";
import type { About, GroupCommit } from "../sqlite/group-commit.ts";
import { type Count, createPendingTallies } from "../sqlite/tallies.ts";
import { createTurns } from "./turns.ts";
import type { WorkingCopy } from "./working-copy.ts";

interface Job extends Pick<About, "adds"> {
  run(count: Count): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A write that throws is rolled back alone; when the file cannot be written, its whole commit is. */
export interface FileCommit extends GroupCommit {
  /** Resolves when `work` did, and rejects as a write of the file would. */
  guard(work: () => Promise<void>): Promise<void>;
  /** The number of times that the file was written. */
  readonly commits: number;
  /** Whether the newest attempt to write it failed. */
  readonly failing: boolean;
}

export interface FileCommitOptions {
  file: string;
  copy: WorkingCopy;
  /** Writes the file. */
  save(): Promise<void>;
  /** Runs in the transaction once the copy's lines show one write or several. Throws to refuse them. */
  afterWrite(written: Pick<About, "adds"> & { newEvents: number }): void;
}

/**
 * One write of the file for all calls of one turn of the event loop, and for all that arrive while the write
 * before is under way: however slow the disk is, no call waits for more than two writes. The transaction
 * stays open until the file is on disk, and is rolled back when that fails. Reads wait meanwhile.
 */
export function createFileCommit(
  db: DatabaseSync,
  { file, copy, save, afterWrite }: FileCommitOptions,
): FileCommit {
  let waiting: Job[] = [];
  let running: Promise<void> | null = null;
  let commits = 0;
  let failing = false;
  const turns = createTurns();
  const tallies = createPendingTallies(db);

  const begin = db.prepare("begin");
  const end = db.prepare("commit");
  const rollback = db.prepare("rollback");
  const savepoint = db.prepare("savepoint job");
  const release = db.prepare("release job");
  const undo = db.prepare("rollback to job");

  async function run(): Promise<void> {
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      await turns.write(async () => {
        const jobs = waiting;
        waiting = [];
        await commit(jobs);
      });
    }
    running = null;
  }

  async function commit(jobs: readonly Job[]): Promise<void> {
    try {
      const answers = await runAll(jobs);
      if (copy.journal.length > 0 || failing) await saved();
      end.run();
      copy.journal.clear();
      for (const answer of answers) answer();
    } catch (error) {
      undoAll();
      const fault = unavailable(file, error);
      for (const job of jobs) job.reject(fault);
    }
  }

  /** Together at first; when a job throws or is refused, all again, each by itself. Returns their answers. */
  async function runAll(jobs: readonly Job[]): Promise<readonly (() => void)[]> {
    try {
      return await runTogether(jobs);
    } catch {
      undoAll();
      begin.run();
      const answers: (() => void)[] = [];
      for (const job of jobs) answers.push(await runAlone(job));
      return answers;
    }
  }

  async function runTogether(jobs: readonly Job[]): Promise<readonly (() => void)[]> {
    const events = copy.events.size;
    begin.run();
    const answers: (() => void)[] = [];
    for (const job of jobs) {
      const value = await job.run(tallies.count);
      answers.push(() => job.resolve(value));
    }
    tallies.write();
    copy.follow();
    for (const adds of new Set(jobs.map((job) => job.adds)))
      afterWrite({ adds, newEvents: copy.events.size - events });
    return answers;
  }

  function undoAll(): void {
    tallies.forget();
    if (db.isTransaction) rollback.run();
    copy.journal.undoTo(0);
  }

  async function saved(): Promise<void> {
    failing = true;
    await save();
    failing = false;
    commits += 1;
  }

  async function runAlone(job: Job): Promise<() => void> {
    const mark = copy.journal.length;
    const events = copy.events.size;
    savepoint.run();
    try {
      const value = await job.run(tallies.count);
      tallies.write();
      copy.follow();
      afterWrite({ adds: job.adds, newEvents: copy.events.size - events });
      release.run();
      return () => job.resolve(value);
    } catch (error) {
      // A fault that ended the whole transaction ends it for all.
      if (!db.isTransaction) throw error;
      tallies.forget();
      undo.run();
      release.run();
      copy.journal.undoTo(mark);
      return () => job.reject(asFault(error));
    }
  }

  function write<T>(work: (count: Count) => T | Promise<T>, { adds }: About = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push({ run: work, adds, resolve: (value) => resolve(value as T), reject });
      running ??= run();
    });
  }

  return {
    write,
    alone: write,
    read: (work) => turns.read(() => read(work)),
    async guard(work) {
      await work().catch((error) => {
        throw unavailable(file, error);
      });
    },
    async idle() {
      while (running) await running;
    },
    get commits() {
      return commits;
    },
    get failing() {
      return failing;
    },
  };
}

function unavailable(file: string, error: unknown): CountersignError {
  const message = `the store ${file} cannot be written: ${messageOf(error)}`;
  return new CountersignError("store_unavailable", message, { cause: error });
}
