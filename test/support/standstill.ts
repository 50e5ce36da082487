import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../src/domain/clock.ts";
import type { Lease, Settlement } from "../../src/store/port/queue.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { createManualClock, settled } from "./clock.ts";
import { until } from "./until.ts";

/**
 * Real sockets move on their own, and a clock that is moved meanwhile would time out what is about to be
 * answered. This knows when everything stands still but for receivers that will never answer, and moves the
 * clock from one timer of the bridge to the next.
 */
export interface Standstill {
  /** For the bridge: only timers of this clock count as the bridge's. */
  clock: Clock;
  /** The same time for receivers, whose timers do not count. */
  worldClock: Clock;
  /** A store on this folder's file, whose calls are counted. */
  openStore(folder: string): Store;
  /** Resolves once every running attempt hangs at a receiver, and no store call is under way. */
  reached(): Promise<void>;
  /** Moves the clock to the bridge's next timer. False: it has none. */
  step(): Promise<boolean>;
  /** Moves the clock. */
  advance(ms: number): Promise<void>;
}

export function createStandstill(start: number, hanging: () => number): Standstill {
  const world = createManualClock(start);
  const timers = new Map<object, number>();
  /** Ids of the deliveries that are leased. */
  const out = new Set<string>();
  /** The number of store calls that began, plus those that ended. */
  let calls = 0;

  const clock: Clock = {
    now: world.now,
    elapsed: world.elapsed,
    after(ms, run) {
      const timer = {};
      timers.set(timer, world.now() + ms);
      const cancel = world.after(ms, () => {
        timers.delete(timer);
        run();
      });
      return () => {
        timers.delete(timer);
        cancel();
      };
    },
  };

  function note<Given extends unknown[], T>(call: (...given: Given) => Promise<T>) {
    return async (...given: Given): Promise<T> => {
      calls += 1;
      try {
        return await call(...given);
      } finally {
        calls += 1;
      }
    };
  }

  async function reached(): Promise<void> {
    await until(async () => {
      const before = calls;
      await settled();
      return before === calls && out.size === hanging();
    }, "every running attempt hangs at a receiver, and no store call is under way");
  }

  return {
    clock,
    worldClock: world,
    openStore(folder) {
      const store = openSqliteStore({ file: join(folder, "countersign.db"), token: randomUUID });
      return {
        ...store,
        record: note(store.record),
        nextDueAt: note(store.nextDueAt),
        saveDestination: note(store.saveDestination),
        claim: note(async (request) => {
          const leases = await store.claim(request);
          for (const { token } of leases) out.add(token);
          return leases;
        }),
        settle: note(async (settlement: Settlement) => {
          const written = await store.settle(settlement);
          out.delete(settlement.token);
          return written;
        }),
        release: note(async (leases: readonly Lease[], now: number) => {
          await store.release(leases, now);
          for (const { token } of leases) out.delete(token);
        }),
      };
    },
    reached,
    async step() {
      await reached();
      if (timers.size === 0) return false;
      await world.advance(Math.max(0, Math.min(...timers.values()) - world.now()));
      await reached();
      return true;
    },
    advance: (ms) => world.advance(ms),
  };
}
