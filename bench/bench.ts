import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonic } from "./monotonic.ts";
import { type Calls, type Child, start } from "./processes.ts";

/** The means of a stage: children and folders that are removed when it ends, and a limit to its time. */
export interface Bench {
  start<C extends Calls>(name: string): Child<C>;
  newFolder(): Promise<string>;
  /** Runs `work` when the stage ends, also when it fails. */
  atEnd(work: () => Promise<void>): void;
  /** Runs `round` up to `max` times, at least twice, and not again once the stage's time is up. */
  rounds<T>(max: number, round: (number: number) => Promise<T>): Promise<T[]>;
}

/** Runs a stage for about `limit` milliseconds. Rejects when a round hangs. */
export async function withBench<T>(limit: number, stage: (bench: Bench) => Promise<T>): Promise<T> {
  const startedAt = monotonic();
  const children: Child<Calls>[] = [];
  const folders: string[] = [];
  const endings: (() => Promise<void>)[] = [];
  const bench: Bench = {
    start<C extends Calls>(name: string) {
      const child = start<C>(name);
      children.push(child);
      return child;
    },
    async newFolder() {
      const folder = await mkdtemp(join(tmpdir(), "countersign-bench-"));
      folders.push(folder);
      return folder;
    },
    atEnd: (work) => void endings.push(work),
    async rounds(max, round) {
      const results = [];
      const begunAt = monotonic();
      const hasTimeForAnother = () => {
        const now = monotonic();
        return now - startedAt + (now - begunAt) / results.length <= limit;
      };
      while (results.length < Math.min(max, 2) || (results.length < max && hasTimeForAnother()))
        results.push(await round(results.length));
      return results;
    },
  };
  try {
    return await within(limit * 2, stage(bench));
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    await Promise.all(endings.map((end) => end()));
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`took longer than ${milliseconds} ms`)), milliseconds);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
