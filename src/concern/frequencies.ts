import { HOURS_OF_WEEK, type Hours } from "./hours.ts";

/** What the hours of some weeks teach, by the hour of the week: lists of 168 numbers. */

export interface Frequencies {
  /** The share of weeks in which something came in the hour or in the two beside it, from 0 to below 1. */
  shares: Float64Array;
  /** The requests of the hour, on average. */
  means: Float64Array;
  /** The number of hours with a request. */
  busyHours: number;
}

/** The count of an hour that teaches nothing. */
export const SKIPPED = -1;

/**
 * An hour shares its neighbours' weeks: requests of a fixed time wander a little, and summer time moves them
 * by an hour. One week more, without a request, stands for what has not been seen yet.
 */
export function frequenciesOf({ from, counts }: Hours): Frequencies {
  const weeks = new Float64Array(HOURS_OF_WEEK);
  const busy = new Float64Array(HOURS_OF_WEEK);
  const requests = new Float64Array(HOURS_OF_WEEK);
  let busyHours = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? SKIPPED;
    if (count === SKIPPED) continue;
    const slot = (from + index) % HOURS_OF_WEEK;
    weeks[slot] = (weeks[slot] ?? 0) + 1;
    requests[slot] = (requests[slot] ?? 0) + count;
    if (count === 0) continue;
    busy[slot] = (busy[slot] ?? 0) + 1;
    busyHours += 1;
  }
  return {
    shares: busy.map((_, slot) => aroundOf(busy, slot) / (aroundOf(weeks, slot) + 1)),
    means: requests.map((sum, slot) => sum / ((weeks[slot] ?? 0) + 1)),
    busyHours,
  };
}

function aroundOf(list: Float64Array, slot: number): number {
  const at = (place: number) => list[(place + HOURS_OF_WEEK) % HOURS_OF_WEEK] ?? 0;
  return at(slot - 1) + at(slot) + at(slot + 1);
}

/** Hours of at least this share are taken together: something nearly always comes. */
const NEARLY_ALWAYS = 0.8;
/** Not before there are so many: in two weeks, something always came in many an hour by chance. */
const MIN_HOURS_TOGETHER = 150;

/**
 * How unusual it is that nothing comes in an hour: the negative logarithm of the probability. An hour of
 * share p is empty with the probability 1 − p. Hours in which something nearly always comes are taken
 * together: if none of 280 was empty, the next is empty once in 281 times.
 */
export function weigh(shares: Float64Array, { from, counts }: Hours): Float64Array {
  let all = 1;
  let empty = 1;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? SKIPPED;
    if (count === SKIPPED || (shares[(from + index) % HOURS_OF_WEEK] ?? 0) < NEARLY_ALWAYS) continue;
    all += 1;
    if (count === 0) empty += 1;
  }
  const together = all < MIN_HOURS_TOGETHER ? 0 : Math.log(all / empty);
  return shares.map((share) => {
    const alone = -Math.log(1 - share);
    return share < NEARLY_ALWAYS ? alone : Math.max(alone, together);
  });
}

/** Silences of less weight say nothing about the long ones. */
const MIN_GAP_WEIGHT = 2;
/** So many silences of the expected length are taken for granted, until there are more that say otherwise. */
const ASSUMED_GAPS = 1;

/**
 * How much heavier the heavy silences of the past were than chance makes them, at least 1. Were each request
 * independent of the others, the weight of a silence beyond any bound would be 1 on average. Where requests
 * come together (a document's posts of an afternoon, one busy week in four) it is more. The heaviest silence
 * is left out: it may have been an outage.
 */
export function heavinessOf(weights: Float64Array, hours: Hours): number {
  const bound = Math.max(MIN_GAP_WEIGHT, ...weights);
  const excesses = silencesOf(weights, hours).flatMap((weight) => (weight > bound ? [weight - bound] : []));
  const sum = excesses.reduce((total, excess) => total + excess, 0) - Math.max(0, ...excesses);
  return Math.max(1, (ASSUMED_GAPS + sum) / (ASSUMED_GAPS + excesses.length - harmonic(excesses.length)));
}

/** The largest of n exponential values is on average this multiple of their mean. */
function harmonic(count: number): number {
  let sum = 0;
  for (let n = 1; n <= count; n++) sum += 1 / n;
  return sum;
}

/** The weights of the silences between two requests, without those that skipped hours cut. */
function silencesOf(weights: Float64Array, { from, counts }: Hours): number[] {
  const silences: number[] = [];
  let weight = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] ?? SKIPPED;
    if (count === 0) weight += weights[(from + index) % HOURS_OF_WEEK] ?? 0;
    else {
      if (count > 0) silences.push(weight);
      weight = 0;
    }
  }
  return silences;
}
