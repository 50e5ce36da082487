import { CountersignError, messageOf } from "../../domain/errors.ts";
import type { Journal } from "./journal.ts";

interface Job {
  run(): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface GroupCommit {
  /**
   * Runs `work`, and resolves with what it returns once the file that holds it is on disk. When `work` throws, its own changes
   * are undone; when the file cannot be written, those of all who shared it.
   */
  write<T>(work: () => T): Promise<T>;
  /** Runs `work` at a moment when everything in memory is on disk as well. */
  read<T>(work: () => T): Promise<T>;
  /** Resolves when `work` did, and rejects as a write of the file would. */
  guard(work: () => Promise<void>): Promise<void>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
  /** How often the file has been written. */
  readonly commits: number;
  /** Whether the newest try to write it failed. */
  readonly failing: boolean;
}

/**
 * One write of the file for all that is asked for in one turn of the event loop, and for all that arrives while the write before
 * is under way: however slow the disk is, nobody waits for more than two writes.
 */
export function createGroupCommit(
  file: string,
  { journal, save }: { journal: Journal; save(): Promise<void> },
): GroupCommit {
  let waiting: Job[] = [];
  let reading: (() => void)[] = [];
  let running: Promise<void> | null = null;
  let saving = false;
  let commits = 0;
  let failing = false;

  async function run(): Promise<void> {
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const jobs = waiting;
      waiting = [];
      await commit(jobs);
      const readers = reading;
      reading = [];
      for (const read of readers) read();
    }
    running = null;
  }

  async function commit(jobs: readonly Job[]): Promise<void> {
    const answers = jobs.map(attempt);
    try {
      if (journal.length > 0 || failing) await saved();
      journal.clear();
      for (const answer of answers) answer();
    } catch (error) {
      journal.undoTo(0);
      const fault = unavailable(file, error);
      for (const job of jobs) job.reject(fault);
    }
  }

  async function saved(): Promise<void> {
    saving = true;
    failing = true;
    try {
      await save();
      failing = false;
      commits += 1;
    } finally {
      saving = false;
    }
  }

  /** What to tell the one who asked, once the file is on disk. */
  function attempt(job: Job): () => void {
    const mark = journal.length;
    try {
      const value = job.run();
      return () => job.resolve(value);
    } catch (error) {
      journal.undoTo(mark);
      return () => job.reject(error);
    }
  }

  /** Once the write that is under way has come to an end, before the next changes anything. */
  function afterwards<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      reading.push(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  return {
    write<T>(work: () => T) {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ run: work, resolve: (value) => resolve(value as T), reject });
        running ??= run();
      });
    },
    async read(work) {
      return saving ? afterwards(work) : work();
    },
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
