import { threadCpuUsage } from "node:process";
import { monotonic } from "../monotonic.ts";

/** How long a process lets everybody else wait, in milliseconds. */
export interface Longest {
  /** By how much a timer went off too late. */
  elapsed: number;
  /**
   * The most that its main thread itself worked between two of them: not counted is when a busy machine did
   * not let it, or a disk.
   */
  busy: number;
}

/** How often it is looked whether the event loop still turns, in milliseconds. */
const EVERY = 2;

let last = { at: 0, busy: 0 };
let longest: Longest = { elapsed: 0, busy: 0 };

function look(): typeof last {
  const { user, system } = threadCpuUsage();
  return { at: monotonic(), busy: (user + system) / 1_000 };
}

function tick(): void {
  const now = look();
  longest = {
    elapsed: Math.max(longest.elapsed, now.at - last.at - EVERY),
    busy: Math.max(longest.busy, now.busy - last.busy),
  };
  last = now;
}

/** From the first call on it is watched; each call begins anew. */
export function beginToWatch(): void {
  if (last.at === 0) setInterval(tick, EVERY);
  last = look();
  longest = { elapsed: 0, busy: 0 };
}

export function longestWait(): Longest {
  tick();
  return longest;
}
