import { setImmediate } from "node:timers/promises";
import type { Concern } from "../concern/concern.ts";
import type { Habits } from "../concern/context.ts";
import { evaluating } from "../concern/evaluate.ts";
import type { Situation } from "../concern/situation.ts";

/** What needs a person, from what the store holds and the configuration in force. */
export interface Status {
  /**
   * At most `fresh` milliseconds old, by default 5,000: a crowd of callers costs what one does. Rejects as
   * the store does.
   */
  concerns(fresh?: number): Promise<readonly Concern[]>;
  /** The same for a look that nobody waits for. */
  watch(): Promise<readonly Concern[]>;
  /** Those of the last look of either kind, if it was a minute or two ago; otherwise of another one. */
  latest(): Promise<readonly Concern[]>;
  /** Those of the last look that nobody waited for, a minute or two ago; null: there was none. */
  known(): readonly Concern[] | null;
}

export interface StatusParts {
  /** `isAsked`: somebody waits for the answer. */
  look(isAsked: boolean): Promise<Situation>;
  /** Milliseconds since 1970. */
  now(): number;
}

const FRESH_MS = 5_000;
const LATEST_MS = 120_000;

export function createStatus({ look, now }: StatusParts): Status {
  const habits: Habits = new Map();
  let watched: { at: number; concerns: readonly Concern[] } | null = null;
  let newest: { at: number; concerns: Promise<readonly Concern[]> } | null = null;

  async function evaluate(isAsked: boolean): Promise<readonly Concern[]> {
    const steps = evaluating(await look(isAsked), habits);
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      await setImmediate();
    }
  }

  async function watch(): Promise<readonly Concern[]> {
    const at = now();
    const concerns = await evaluate(false);
    watched = { at, concerns };
    return concerns;
  }

  function known(): readonly Concern[] | null {
    return watched && Math.abs(now() - watched.at) < LATEST_MS ? watched.concerns : null;
  }

  return {
    watch,
    latest: async () => known() ?? (await watch()),
    known,
    concerns(fresh = FRESH_MS) {
      const at = now();
      if (newest && Math.abs(at - newest.at) < fresh) return newest.concerns;
      const concerns = evaluate(true);
      const mine = { at, concerns };
      newest = mine;
      concerns.catch(() => {
        if (newest === mine) newest = null;
      });
      return concerns;
    },
  };
}
