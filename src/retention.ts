import { type Clock, pause } from "./domain/clock.ts";
import { CountersignError } from "./domain/errors.ts";
import type { Prunable } from "./store/port/retention.ts";
import type { Store } from "./store/store.ts";

/** Removes what has been kept long enough. */

/** How long each is kept, in milliseconds; null: for ever. */
export interface Retention {
  receipts: number | null;
  rejected: number | null;
  events: number | null;
  attempts: number | null;
  documents: number | null;
  audit: number | null;
  duplicates: number | null;
}

/** How many rows of each table are gone. */
export type Pruned = Partial<Record<Prunable, number>>;

/** Who is told of what happens. */
export interface PruningObserver {
  /** A step removed so many rows. */
  removed(table: Prunable, count: number): void;
  /** A round is over that removed something; it took so many milliseconds. */
  rounded(pruned: Pruned, duration: number): void;
  /** The store could not be pruned: the round is over. */
  away(error: unknown): void;
  /** Something was thrown that nothing here expects: there will be no more rounds. */
  died(error: unknown): void;
}

export interface PrunerParts {
  store: Pick<Store, "prune">;
  retention: Retention;
  clock: Clock;
  observe: PruningObserver;
}

export interface Pruner {
  /** Goes round the tables now and once an hour from then on. */
  start(): void;
  /** Takes no further step. Resolves when none is under way. */
  stop(): Promise<void>;
  /** False once something threw that nothing here expects: the process should be restarted. */
  isAlive(): boolean;
}

/** In the order walked: what goes with an event goes before what is looked at by itself, and the ids it leaves come last. */
const WALKS: readonly { table: Prunable; kept: keyof Retention }[] = [
  { table: "events", kept: "events" },
  { table: "attempts", kept: "attempts" },
  { table: "receipts", kept: "receipts" },
  { table: "rejections", kept: "rejected" },
  { table: "documents", kept: "documents" },
  { table: "audit", kept: "audit" },
  { table: "tombstones", kept: "duplicates" },
];

/** From the end of a round to the next, in milliseconds. */
const INTERVAL_MS = 3_600_000;
/**
 * How many rows a step looks at. SQLite removes an event with two deliveries and their tries in about 100 µs, all others faster, and
 * meanwhile nothing else runs: so a step is far below 10 ms unless there are many destinations.
 */
const MAX_ROWS = 50;
/** A step is followed by a rest that is so many times as long: pruning takes a tenth of the time at most. */
const REST_FACTOR = 9;
/** Nor is a rest shorter, since steps may be too short to be measured, or longer, since the clock may have been set. Milliseconds. */
const MIN_REST_MS = 5;
const MAX_REST_MS = 60_000;

export function createPruner({ store, retention, clock, observe }: PrunerParts): Pruner {
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

  /** Through one table, from its oldest row to the first that is young enough. */
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
