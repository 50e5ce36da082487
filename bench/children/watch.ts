import { threadCpuUsage } from "node:process";
import { monotonic } from "../monotonic.ts";

/** The longest turn of the event loop, in milliseconds. */
export interface Longest {
  /** The longest delay of a timer. */
  elapsed: number;
  /**
   * The most processor time of the main thread between two timers, without waits for a disk or a busy
   * machine.
   */
  busy: number;
}

const INTERVAL_MS = 2;

let last = { at: 0, busy: 0 };
let longest: Longest = { elapsed: 0, busy: 0 };

function look(): typeof last {
  const { user, system } = threadCpuUsage();
  return { at: monotonic(), busy: (user + system) / 1_000 };
}

function tick(): void {
  const now = look();
  longest = {
    elapsed: Math.max(longest.elapsed, now.at - last.at - INTERVAL_MS),
    busy: Math.max(longest.busy, now.busy - last.busy),
  };
  last = now;
}

/** Starts the measurement, or restarts it. */
export function startWatch(): void {
  if (last.at === 0) setInterval(tick, INTERVAL_MS);
  last = look();
  longest = { elapsed: 0, busy: 0 };
}

export function longestWait(): Longest {
  tick();
  return longest;
}
