import type { ChannelSituation } from "./situation.ts";
import { HOUR_MS } from "./words.ts";

/** Hours are counted from 1970, so that two of the same hour of the week are a multiple of 168 apart. */

export const HOURS_OF_WEEK = 168;

export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS);
}

/** The genuine requests of a channel by hour. */
export interface Hours {
  /** The first hour. */
  from: number;
  counts: Float64Array;
}

/** From one hour up to another, which is left out. Looks at no older tallies than it needs. */
export function genuineHours(tallies: ChannelSituation["tallies"], from: number, until: number): Hours {
  const counts = new Float64Array(Math.max(0, until - from));
  for (let index = firstAtOrAfter(tallies, from * HOUR_MS); index < tallies.length; index++) {
    const tally = tallies[index];
    if (tally === undefined) break;
    const place = hourOf(tally.hour) - from;
    if (place >= counts.length) break;
    if (tally.outcome !== "refused") counts[place] = (counts[place] ?? 0) + tally.count;
  }
  return { from, counts };
}

/** The hour of the oldest genuine request that is tallied; null: there is none. */
export function firstGenuineHour(tallies: ChannelSituation["tallies"]): number | null {
  const first = tallies.find(({ outcome }) => outcome !== "refused");
  return first === undefined ? null : hourOf(first.hour);
}

/** The index of the first tally of that moment or later. */
export function firstAtOrAfter(tallies: ChannelSituation["tallies"], at: number): number {
  let low = 0;
  let high = tallies.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tallies[middle]?.hour ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How much happened in some hours. */
export interface Activity {
  /** Hours with a request. */
  busy: number;
  requests: number;
}

export function activityOf({ from, counts }: Hours, begin: number, end: number): Activity {
  let busy = 0;
  let requests = 0;
  for (let hour = Math.max(begin, from); hour < Math.min(end, from + counts.length); hour++) {
    const count = counts[hour - from] ?? 0;
    if (count > 0) busy += 1;
    requests += count;
  }
  return { busy, requests };
}

const MIN_BUSY_HOURS = 2;
const USUAL_SHARE_OF_HOURS = 0.6;
const USUAL_SHARE_OF_REQUESTS = 0.3;

/**
 * Whether about as much happened as is usual. A few stragglers on a holiday, or the burst of one document, do
 * not make an ordinary day.
 */
export function isAsUsual(observed: Activity, usual: Activity): boolean {
  return (
    observed.busy >= MIN_BUSY_HOURS &&
    observed.busy >= USUAL_SHARE_OF_HOURS * usual.busy &&
    observed.requests >= USUAL_SHARE_OF_REQUESTS * usual.requests
  );
}
