import { type Clock, pause } from "./domain/clock.ts";
import { CountersignError } from "./domain/errors.ts";
import type { Prunable } from "./store/port/retention.ts";
import type { Store } from "./store/store.ts";

/** Removes rows whose retention period is over. */

/** Retention periods in milliseconds; null: for ever. */
export interface Retention {
  receipts: number | null;
  rejected: number | null;
  events: number | null;
  attempts: number | null;
  documents: number | null;
  audit: number | null;
  duplicates: number | null;
  tallies: number | null;
  proofs: number | null;
}

/** Removed rows, by table. */
export type Pruned = Partial<Record<Prunable, number>>;

/** For log and metrics. Must not throw. */
export interface PruningObserver {
  /** A step removed `count` rows. */
  removed(table: Prunable, count: number): void;
  /** A round that removed rows is over; `duration` is in milliseconds. */
  rounded(pruned: Pruned, duration: number): void;
  /** The store was unavailable, so the round ended early. */
  away(error: unknown): void;
  /** An unexpected error ended the loop: there are no more rounds. */
  died(error: unknown): void;
}

export interface PrunerParts {
  store: Pick<Store, "prune">;
  retention: Retention;
  clock: Clock;
  observe: PruningObserver;
  /** Called when an unexpected error ended the loop: the process should be restarted. */
  onDeath(): void;
}

export interface Pruner {
  /** Prunes every table now, and once an hour from then on. */
  start(): void;
  /** Takes no further step. Resolves when none is under way. */
  stop(): Promise<void>;
  /** False once an unexpected error ended the loop. */
  isAlive(): boolean;
}

/**
 * In this order: events take their deliveries and attempts with them, and leave tombstones, which come later.
 */
const WALKS: readonly { table: Prunable; kept: keyof Retention }[] = [
  { table: "events", kept: "events" },
  { table: "attempts", kept: "attempts" },
  { table: "receipts", kept: "receipts" },
  { table: "rejections", kept: "rejected" },
  { table: "documents", kept: "documents" },
  { table: "audit", kept: "audit" },
  { table: "tombstones", kept: "duplicates" },
  { table: "tallies", kept: "tallies" },
  { table: "proofs", kept: "proofs" },
];

/** From the end of a round to the next, in milliseconds. */
const INTERVAL_MS = 3_600_000;
/**
 * Rows that a step looks at. SQLite removes an event with two deliveries and their attempts in about 100 µs,
 * other rows faster, and nothing else runs meanwhile: a step stays far below 10 ms unless there are many
 * destinations.
 */
const MAX_ROWS = 50;
/**
 * The rest after a step is this many times as long as the step: pruning takes at most a tenth of the time.
 */
const REST_FACTOR = 9;
/**
 * Bounds of a rest: steps may be too short to be measured, and the clock may be set during one. Milliseconds.
 */
const MIN_REST_MS = 5;
const MAX_REST_MS = 60_000;

export function createPruner({ store, retention, clock, observe, onDeath }: PrunerParts): Pruner {
  const stopping = new AbortController();
  const { signal } = stopping;
  const walks = WALKS.flatMap(({ table, kept }) => {
    const age = retention[kept];
    return age === null ? [] : [{ table, age }];
  });
  let alive = true;
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await round();
      if (!signal.aborted) await pause(clock, INTERVAL_MS, signal);
    }
  }

  async function round(): Promise<void> {
    const begun = clock.now();
    const pruned: Pruned = {};
    try {
      for (const { table, age } of walks) await walk(table, Math.max(0, begun - age), pruned);
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== "store_unavailable") throw error;
      observe.away(error);
    }
    if (Object.keys(pruned).length > 0) observe.rounded(pruned, clock.now() - begun);
  }

  /** Walks one table from its oldest row to the first that is still kept. */
  async function walk(table: Prunable, before: number, pruned: Pruned): Promise<void> {
    let cursor: string | null | undefined;
    while (cursor !== null && !signal.aborted) {
      const begun = clock.now();
      const step = await store.prune({ table, before, cursor, limit: MAX_ROWS });
      if (step.pruned > 0) {
        observe.removed(table, step.pruned);
        pruned[table] = (pruned[table] ?? 0) + step.pruned;
      }
      cursor = step.next;
      if (!signal.aborted) await pause(clock, restAfter(clock.now() - begun), signal);
    }
  }

  function die(error: unknown): void {
    alive = false;
    onDeath();
    observe.died(error);
  }

  return {
    start() {
      if (walks.length > 0) running = run().catch(die);
    },
    async stop() {
      stopping.abort();
      await running;
    },
    isAlive: () => alive,
  };
}

function restAfter(took: number): number {
  return Math.min(Math.max(took * REST_FACTOR, MIN_REST_MS), MAX_REST_MS);
}
