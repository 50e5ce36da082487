import { comesTrue } from "../admin.ts";
import type { Verdict } from "../oracle.ts";

/** A failure of the environment of a bridge under load. */
export interface Fault {
  /** A few words. */
  name: string;
  /** The expected behavior, as a sentence about the bridge. */
  promise: string;
  /** The reason why it cannot be made on this machine. Null: it can. */
  impossible(): string | null | Promise<string | null>;
  /** Makes the fault, ends it, and compares. `brief`: without the parts that take a minute. */
  run(seed: number, options: { brief: boolean }): Promise<Verdict>;
}

/** Collects expectations that were not seen. */
export interface Witness {
  /** Waits until the condition holds, for at most `limit` milliseconds. */
  sees(condition: () => Promise<boolean> | boolean, what: string, limit?: number): Promise<void>;
  /** The verdict with the missing expectations among its complaints. */
  add(verdict: Verdict): Verdict;
}

const LIMIT_MS = 30_000;

export function createWitness(): Witness {
  const missing: string[] = [];
  return {
    async sees(condition, what, limit = LIMIT_MS) {
      if (!(await comesTrue(condition, limit))) missing.push(`not seen within ${limit} ms: ${what}`);
    },
    add: (verdict) => ({ ...verdict, complaints: [...missing, ...verdict.complaints] }),
  };
}

export const ALWAYS = (): null => null;
