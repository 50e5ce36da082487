import type { Concern } from "../concern/concern.ts";
import { type Clock, within } from "../domain/clock.ts";

/**
 * What needs a person, for pages that must not wait: evaluating a large store takes seconds. A page waits for
 * a moment, and then shows what was found last, while the search goes on. The next search begins only after
 * two hundred times as long as the last one took, so that watching costs webhooks next to nothing; or once
 * somebody has changed something here.
 */
export function createRecentConcerns({ concerns, knownConcerns, clock, failed }: Parts): RecentConcerns {
  let last: readonly Concern[] | null = null;
  let under: Promise<readonly Concern[]> | null = null;
  let nextAt = 0;

  function search(): Promise<readonly Concern[]> {
    const begunAt = clock.now();
    const found = concerns();
    under = found;
    found
      .then((list) => {
        last = list;
        nextAt = clock.now() + Math.max(MIN_PAUSE_MS, REST * (clock.now() - begunAt));
      })
      .catch((error) => {
        // A page that waited for it says so by itself. The next one has nothing to show, and waits.
        if (last !== null) failed(error);
        last = null;
        nextAt = 0;
      })
      .finally(() => {
        under = null;
      });
    return found;
  }

  return {
    async find() {
      if (last !== null && under === null && clock.now() < nextAt) return last;
      const known = last ?? knownConcerns();
      const found = under ?? search();
      if (known === null) return found;
      return (await within(clock, last === null ? FIRST_PATIENCE_MS : PATIENCE_MS, found)) ? found : known;
    },
    changed() {
      nextAt = 0;
    },
  };
}

export interface RecentConcerns {
  find(): Promise<readonly Concern[]>;
  /** Somebody has changed something: what was found before may be over. */
  changed(): void;
}

interface Parts {
  /** Takes long in a large store. */
  concerns(): Promise<readonly Concern[]>;
  /** Those that the bridge found by itself a minute or two ago; null: it has not looked yet. */
  knownConcerns(): readonly Concern[] | null;
  clock: Clock;
  failed(error: unknown): void;
}

const PATIENCE_MS = 20;
/** The first page waits longer for what is true now. */
const FIRST_PATIENCE_MS = 200;
const MIN_PAUSE_MS = 1_000;
const REST = 200;
