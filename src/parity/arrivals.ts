import type { Ledger } from "./ledger.ts";
import { quantile } from "./quantiles.ts";
import { channelKey, type Scope } from "./scope.ts";

/** How the requests of a channel came, and when they did not. Instants and durations are milliseconds. */
export interface Arrivals {
  requests: number;
  first: number | null;
  last: number | null;
  /** The period of a channel that posts in batches, by its shorter pauses; 0 of other channels. */
  cadence: number;
  /** Pauses that are far longer than usual, from `Scope.leadFrom` to `Scope.until`. */
  pauses: readonly Pause[];
}

export interface Pause {
  from: number;
  until: number;
}

const MINUTE_MS = 60_000;
/** A shorter time without a request is never an outage. */
const MIN_PAUSE_MS = 10 * MINUTE_MS;
/** And never one that is not this many times as long as nearly all pauses are. */
const TIMES_USUAL = 3;
/** Repeats of a batch come at once: they say nothing about its period. */
const MIN_CADENCE_MS = 20_000;

/** By the number of the channel. */
export function arrivalsOf(ledger: Ledger, scope: Scope): Arrivals[] {
  const counts = scope.channels.map(() => 0);
  for (let index = 0; index < ledger.requests; index++) {
    const { channel } = ledger.arrival(index);
    counts[channel] = (counts[channel] ?? 0) + 1;
  }
  return scope.channels.map(({ isBatch }, channel) =>
    look(() => timesOf(ledger, channel), counts[channel] ?? 0, scope, isBatch),
  );
}

/** Requests are in the order received. */
function* timesOf(ledger: Ledger, wanted: number): Generator<number> {
  for (let index = 0; index < ledger.requests; index++) {
    const { channel, receivedAt } = ledger.arrival(index);
    if (channel === wanted) yield receivedAt;
  }
}

function look(
  times: () => Iterable<number>,
  count: number,
  { leadFrom, until }: Pick<Scope, "leadFrom" | "until">,
  isBatch: boolean,
): Arrivals {
  const gaps = gapsOf(times(), count);
  const least = Math.max(MIN_PAUSE_MS, TIMES_USUAL * quantile(gaps, 0.95));
  const pauses: Pause[] = [];
  let [first, last]: [number | null, number | null] = [null, null];
  const consider = (from: number, to: number) => {
    if (to - from >= least) pauses.push({ from, until: to });
  };
  for (const at of times()) {
    consider(last ?? leadFrom, at);
    first ??= at;
    last = at;
  }
  consider(last ?? leadFrom, until);
  const periods = gaps.subarray(gaps.findIndex((gap) => gap >= MIN_CADENCE_MS));
  return { requests: count, first, last, cadence: isBatch ? quantile(periods, 0.25) : 0, pauses };
}

/** The pauses between requests, from the shortest. */
function gapsOf(times: Iterable<number>, count: number): Float64Array {
  const gaps = new Float64Array(Math.max(0, count - 1));
  let [n, last] = [-1, 0];
  for (const at of times) {
    if (n >= 0) gaps[n] = at - last;
    last = at;
    n += 1;
  }
  return gaps.sort();
}

/** A pause in which the channel was told less than it should have: see `findOutages`. */
export interface FoundOutage extends Pause {
  channel: number;
  /** No request came over any compared channel. */
  isWhole: boolean;
  missing: number;
}

/** Fewer losses in a row may be losses. */
const MIN_MISSING = 5;

/** A happening that a side did not tell. */
export interface Missing {
  /** When it happened, by the bridge's clock as far as that is known; milliseconds since 1970. */
  time: number;
  /** The channels that could have told it. */
  channels: readonly number[];
}

/**
 * The pauses in which a channel must have had something to tell: the other side told at least five happenings
 * of that time which it never told. `missing` are all of these, in any order.
 */
export function findOutages(
  arrivals: readonly Arrivals[],
  missing: Iterable<Missing>,
  tolerance: number,
): FoundOutage[] {
  const counts = new Map<Pause, number>();
  for (const { time, channels } of missing)
    for (const channel of channels) {
      const pause = pauseAt(arrivals[channel]?.pauses ?? [], time, tolerance);
      if (pause) counts.set(pause, (counts.get(pause) ?? 0) + 1);
    }
  return arrivals.flatMap(({ pauses }, channel) =>
    pauses.flatMap((pause) => {
      const missing = counts.get(pause) ?? 0;
      return missing < MIN_MISSING ? [] : [{ ...pause, channel, missing, isWhole: isWhole(pause, arrivals) }];
    }),
  );
}

/** Of pauses in the order of time, the one that a moment lies in. */
export function pauseAt<P extends Pause>(pauses: readonly P[], time: number, tolerance: number): P | null {
  let [low, high] = [0, pauses.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pauses[middle]?.until ?? 0) + tolerance < time) low = middle + 1;
    else high = middle;
  }
  const found = pauses[low];
  return found && found.from - tolerance <= time ? found : null;
}

/** Whether every channel paused for most of that time. */
function isWhole(pause: Pause, arrivals: readonly Arrivals[]): boolean {
  const length = pause.until - pause.from;
  return arrivals.every(({ pauses }) =>
    pauses.some(
      (other) => Math.min(other.until, pause.until) - Math.max(other.from, pause.from) >= 0.8 * length,
    ),
  );
}

/** How long the window is without the time of any outage. */
export function observedTime(
  outages: readonly Pause[],
  { from, until }: Pick<Scope, "from" | "until">,
): number {
  let observed = Math.max(0, until - from);
  let covered = from;
  for (const outage of outages.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(outage.from, covered);
    const end = Math.min(outage.until, until);
    if (end <= begin) continue;
    observed -= end - begin;
    covered = end;
  }
  return observed;
}

export const nameOfChannel = ({ channels }: Pick<Scope, "channels">, channel: number): string => {
  const found = channels[channel];
  return found ? channelKey(found) : "";
};
