import type { DatabaseSync } from "node:sqlite";
import { asFault, read } from "./errors.ts";
import { type Count, createPendingTallies } from "./tallies.ts";

interface Job {
  run(count: Count): unknown;
  weight: number;
  durable: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** The subject of a write. */
export interface About {
  /**
   * Its number of events. A transaction takes a bounded number, and other work has its turn before the next.
   */
  weight?: number;
  /**
   * False: a power cut may undo the write, as long as nothing durable was committed after it. Default: true.
   */
  durable?: boolean;
  /** Rows that come from outside, which a store with a limit may refuse. */
  adds?: "requests" | "rejections" | undefined;
}

export interface GroupCommit {
  /**
   * Runs `work` in a transaction shared with all other work of the same turn of the event loop. Resolves with
   * its result once the transaction is on disk, together with what it counted. When `work` throws, only its
   * own changes are undone: the whole transaction runs again, with a savepoint for each, so `work` may run
   * twice.
   */
  write<T>(work: (count: Count) => T, about?: About): Promise<T>;
  /**
   * Runs asynchronous `work` in a transaction of its own, one after the other; writes that are asked for
   * meanwhile wait. When it throws, all of it is undone.
   */
  alone<T>(work: () => Promise<T>, about?: About): Promise<T>;
  /** Runs `work`, which only reads. */
  read<T>(work: () => T | Promise<T>): Promise<T>;
  /** Resolves once everything asked for is carried out. */
  idle(): Promise<void>;
  /** The number of transactions committed. */
  readonly commits: number;
}

/** The most events in one transaction: it bounds how long other work waits. */
const MAX_WEIGHT = 300;

/**
 * One commit, and so one flush to disk, for all writes of one turn of the event loop: a durable write costs
 * each of 64 concurrent requests a 64th of an fsync.
 */
export function createGroupCommit(db: DatabaseSync): GroupCommit {
  const waiting: Job[] = [];
  let commits = 0;
  /** Resolves when all work that runs alone has ended. */
  let aloneDone: Promise<unknown> = Promise.resolve();
  let isAlone = false;
  const tallies = createPendingTallies(db);

  let isWaitingForDisk = true;
  const begin = db.prepare("begin immediate");
  const commit = db.prepare("commit");
  const rollback = db.prepare("rollback");
  const savepoint = db.prepare("savepoint job");
  const release = db.prepare("release job");
  const undo = db.prepare("rollback to job");

  function flushSome(): void {
    if (isAlone) return;
    const jobs = takeSome(waiting);
    if (waiting.length > 0) setImmediate(flushSome);
    if (jobs.length === 0) return;
    try {
      for (const answer of commitAll(jobs, plainly)) answer();
    } catch {
      undoAll();
      commitGuarded(jobs);
    }
  }

  /** A job threw, or the database did: finds out which, and carries out the others. */
  function commitGuarded(jobs: readonly Job[]): void {
    try {
      for (const answer of commitAll(jobs, guarded)) answer();
    } catch (error) {
      undoAll();
      const fault = asFault(error);
      for (const job of jobs) job.reject(fault);
    }
  }

  function commitAll(jobs: readonly Job[], carryOut: (job: Job) => () => void): readonly (() => void)[] {
    waitForDisk(jobs.some(({ durable }) => durable));
    begin.run();
    const answers = jobs.map(carryOut);
    tallies.write();
    commit.run();
    commits += 1;
    return answers;
  }

  /**
   * A commit that waits for the disk brings all commits before it to the disk as well. The setting cannot be
   * changed inside a transaction, so it stays as it is until the next one.
   */
  function waitForDisk(wait: boolean): void {
    if (wait === isWaitingForDisk) return;
    db.exec(`pragma synchronous = ${wait ? "full" : "normal"}`);
    isWaitingForDisk = wait;
  }

  function undoAll(): void {
    tallies.forget();
    if (db.isTransaction) rollback.run();
  }

  /** Without a savepoint: nearly no job throws. */
  function plainly(job: Job): () => void {
    const value = job.run(tallies.count);
    return () => job.resolve(value);
  }

  /** Returns what answers the job, once the transaction is committed. */
  function guarded(job: Job): () => void {
    savepoint.run();
    try {
      const value = job.run(tallies.count);
      tallies.write();
      release.run();
      return () => job.resolve(value);
    } catch (error) {
      // A full disk ends the whole transaction, and with it all savepoints.
      if (!db.isTransaction) throw error;
      tallies.forget();
      undo.run();
      release.run();
      return () => job.reject(asFault(error));
    }
  }

  async function runAlone<T>(work: () => Promise<T>): Promise<T> {
    while (waiting.length > 0) flushSome();
    isAlone = true;
    try {
      waitForDisk(true);
      begin.run();
      const value = await work();
      commit.run();
      commits += 1;
      return value;
    } catch (error) {
      undoAll();
      throw asFault(error);
    } finally {
      isAlone = false;
      if (waiting.length > 0) setImmediate(flushSome);
    }
  }

  return {
    write<T>(work: (count: Count) => T, { weight = 1, durable = true }: About = {}) {
      return new Promise<T>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flushSome);
        waiting.push({ run: work, weight, durable, resolve: (value) => resolve(value as T), reject });
      });
    },
    alone<T>(work: () => Promise<T>) {
      const done = aloneDone.then(() => runAlone(work));
      aloneDone = done.catch(() => {});
      return done;
    },
    read,
    async idle() {
      await aloneDone;
      while (waiting.length > 0) flushSome();
    },
    get commits() {
      return commits;
    },
  };
}

/** Takes the first job, and as many more as one transaction takes. */
function takeSome(waiting: Job[]): readonly Job[] {
  let weight = 0;
  const end = waiting.findIndex((job, i) => {
    weight += job.weight;
    return i > 0 && weight > MAX_WEIGHT;
  });
  return waiting.splice(0, end === -1 ? waiting.length : end);
}
