import { comesTrue } from "../admin.ts";
import type { Verdict } from "../oracle.ts";

/** Something that goes wrong with what a bridge stands on, while the load goes on. */
export interface Fault {
  /** A few words. */
  name: string;
  /** What must be seen, as a sentence about the bridge. */
  promise: string;
  /** Why it cannot be made on this machine; null: it can. */
  impossible(): string | null | Promise<string | null>;
  /**
   * Makes it, ends it, and compares. What was not as promised is among the complaints. `brief`: without what
   * takes a minute.
   */
  run(seed: number, options: { brief: boolean }): Promise<Verdict>;
}

/** Notes what was promised and not seen. */
export interface Witness {
  /** Waits until it holds, so many milliseconds at most. */
  sees(condition: () => Promise<boolean> | boolean, what: string, limit?: number): Promise<void>;
  /** The verdict with what was noted. */
  add(verdict: Verdict): Verdict;
}

const LIMIT = 30_000;

export function createWitness(): Witness {
  const missing: string[] = [];
  return {
    async sees(condition, what, limit = LIMIT) {
      if (!(await comesTrue(condition, limit))) missing.push(`not seen within ${limit} ms: ${what}`);
    },
    add: (verdict) => ({ ...verdict, complaints: [...missing, ...verdict.complaints] }),
  };
}

export const ALWAYS = (): null => null;
