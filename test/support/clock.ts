import type { Clock } from "../../src/domain/clock.ts";

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Moves time on, and runs the timers that fall due in order, each with the promises that it starts. */
  advance(ms: number): Promise<void>;
  /** Sets it, as an operator does: timers fire as many milliseconds from now as before. */
  set(to: number): void;
  /** The number of timers that are set. */
  readonly timers: number;
}

interface Timer {
  at: number;
  run: () => void;
}

export function createManualClock(start: number): ManualClock {
  const timers = new Set<Timer>();
  let time = start;
  let elapsed = 0;

  const nextUntil = (end: number): Timer | undefined =>
    [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];

  return {
    now: () => time,
    elapsed: () => elapsed,
    after(ms, run) {
      const timer = { at: time + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = time + ms;
      await settled();
      for (let due = nextUntil(end); due; due = nextUntil(end)) {
        timers.delete(due);
        elapsed += due.at - time;
        time = due.at;
        due.run();
        await settled();
      }
      elapsed += end - time;
      time = end;
    },
    set(to) {
      for (const timer of timers) timer.at += to - time;
      time = to;
    },
    get timers() {
      return timers.size;
    },
  };
}

/** A few turns of the event loop: promises and immediates that were waiting have run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
