import { isFeastDay } from "./feast-days.ts";
import { beginOf, dayOf, type Habit, usualActivity } from "./habit.ts";
import { activityOf, genuineHours, HOURS_OF_WEEK, hourOf, isAsUsual } from "./hours.ts";
import type { ChannelSituation, Situation } from "./situation.ts";
import { HOUR_MS } from "./words.ts";

/**
 * When a channel is silent.
 *
 * A silence is measured by how unusual it is, not by its length. Each hour of the week has a probability that
 * nothing comes in it, learned from the eight weeks before the newest request. The hours since then multiply
 * to the probability of the whole silence: hours of the night and the weekend change nothing, an hour in
 * which something always came divides it by some hundreds. Once the product is so small that chance would
 * bring it about once in a thousand such periods of eight weeks, the channel is silent.
 *
 * Four things make it slower, so that it does not cry wolf:
 * 1. Few requests teach little, and busy hours that come in clusters (a campaign, a document with ten
 *    signers) count as one.
 * 2. On a slow day an hour counts less: 40 % of the usual requests so far, 40 % of the weight.
 * 3. A channel that rests at night may rest for a day: one whole day without requests is forgiven, as it may
 *    be a holiday. So is the rest of a day that did not begin as usual. The days around New Year and Easter
 *    do not count at all. None of this holds for days on which another channel of the source was as busy as
 *    usual.
 * 4. Hours in which the bridge did not run, or that the clock skipped, do not count.
 */
export interface Silence {
  /** The negative logarithm of the silence's probability. */
  surprise: number;
  /** From here on the channel is silent; infinite where too little was learned. */
  bound: number;
  /** How many requests usually come in such a time. */
  usual: number;
}

/** e^-7: chance brings it about once in a thousand times. */
const BOUND = 6;

/** A stretch of time in which nothing could come. */
export interface Deaf {
  from: number;
  until: number;
}

export interface SilenceParts {
  channel: ChannelSituation;
  habit: Habit;
  /** Milliseconds since 1970. */
  from: number;
  now: number;
  deaf: readonly Deaf[];
  /** Whether another channel of the source was as busy as usual, from one hour up to another. */
  isBusyElsewhere(begin: number, end: number): boolean;
}

export function measureSilence(parts: SilenceParts): Silence {
  const { habit, from, now } = parts;
  const { clustering, busyHours } = habit;
  const learned = busyHours / clustering;
  const weight = weightOfDays(parts) / clustering;
  return {
    surprise: learned * Math.log1p(weight / learned),
    bound: learned > 1 ? Math.log(learned) + BOUND : Number.POSITIVE_INFINITY,
    usual: sumOver(parts, from, now, habit.means),
  };
}

/** How unusual it is that nothing came for a time, without regard to holidays. */
export function plainWeight(parts: Pick<SilenceParts, "habit" | "deaf">, from: number, now: number): number {
  return sumOver(parts, from, now, parts.habit.weights) / parts.habit.clustering;
}

/** The times in which the bridge did not run, or that its clock skipped. */
export function deafOf({ lastStop, clockJumps }: Situation): Deaf[] {
  const skipped = clockJumps.filter(({ by }) => by > 0).map(({ at, by }) => ({ from: at - by, until: at }));
  return lastStop === null ? skipped : [lastStop, ...skipped];
}

/** The milliseconds of a time in which something could come. */
export function heardOf(deaf: readonly Deaf[], from: number, until: number): number {
  let heard = until - from;
  for (const one of deaf) heard -= Math.max(0, Math.min(until, one.until) - Math.max(from, one.from));
  return Math.max(0, heard);
}

/** The weights of all hours, by the days that count. */
function weightOfDays(parts: SilenceParts): number {
  const { habit, from, now, isBusyElsewhere } = parts;
  const { dayStart, rests } = habit;
  const onset = dayOf(hourOf(from), dayStart);
  const began = beginningOf(parts, onset);
  let total = 0;
  let holiday = 0;
  for (let day = onset; beginOf(day, dayStart) * HOUR_MS <= now; day++) {
    const begin = beginOf(day, dayStart);
    const weight = weightOf(parts, begin) * (day === onset ? began.pace : 1);
    const mayRest = rests && weight > 0 && !isBusyElsewhere(begin, Math.min(begin + 24, hourOf(now) + 1));
    if (mayRest && isFeastDay((begin + 12) * HOUR_MS)) continue;
    total += weight;
    if (mayRest && !(day === onset && began.asUsual)) holiday = Math.max(holiday, weight);
  }
  return total - holiday;
}

function weightOf({ habit, deaf, from, now }: SilenceParts, begin: number): number {
  const first = Math.max(from, begin * HOUR_MS);
  const last = Math.min(now, (begin + 24) * HOUR_MS);
  return sumOver({ deaf }, first, last, habit.weights);
}

/** How the day went until its last request. */
function beginningOf({ channel, habit, from }: SilenceParts, day: number) {
  const begin = beginOf(day, habit.dayStart);
  const end = hourOf(from) + 1;
  const observed = activityOf(genuineHours(channel.tallies, begin, end), begin, end);
  const usual = usualActivity(habit, begin, end);
  return {
    asUsual: isAsUsual(observed, usual),
    pace: Math.min(1, (observed.requests + 1) / (usual.requests + 1)),
  };
}

/** The sum of an hourly value over a time, parts of hours in proportion. */
function sumOver(
  { deaf }: Pick<SilenceParts, "deaf">,
  from: number,
  until: number,
  values: Float64Array,
): number {
  let sum = 0;
  for (let hour = hourOf(from); hour * HOUR_MS < until; hour++) {
    const value = values[hour % HOURS_OF_WEEK] ?? 0;
    if (value === 0) continue;
    const heard = heardOf(deaf, Math.max(from, hour * HOUR_MS), Math.min(until, (hour + 1) * HOUR_MS));
    sum += (value * heard) / HOUR_MS;
  }
  return sum;
}
