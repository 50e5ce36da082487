import { isFeastDay } from "./feast-days.ts";
import { beginOf, dayOf, type Habit, usualActivity } from "./habit.ts";
import { activityOf, genuineHours, HOURS_OF_WEEK, hourOf, isAsUsual } from "./hours.ts";
import type { ChannelSituation, Situation } from "./situation.ts";
import { HOUR_MS } from "./words.ts";

/**
 * When a channel is silent.
 *
 * A silence is measured by how unusual it is, not by its length. Each hour of the week has a probability that
 * nothing comes in it, learned from the eight weeks before the newest request. The probabilities of the hours
 * since then multiply to that of the whole silence: hours of the night and the weekend change nothing, an
 * hour in which something always came divides it by some hundreds. Once chance would bring the silence about
 * only once in a thousand such periods of eight weeks, the channel is silent.
 *
 * Four things make it slower, so that it raises no false alarms:
 * 1. Few requests teach little, and few weeks. Requests that come together (a campaign, the posts of one
 *    document) count as one; the silences of the past show how many do.
 * 2. On a slow day an hour counts less: at 40 % of the usual requests so far, 40 %.
 * 3. A channel that rests at night may rest for a day: one whole day without requests is forgiven, as it may
 *    be a holiday; so is the rest of a day that did not begin as usual. The days around New Year and Easter
 *    do not count at all. None of this holds for days on which another channel of the source was as busy as
 *    usual.
 * 4. Hours in which the bridge did not run, or that its clock skipped, do not count.
 *
 * Probabilities are negative natural logarithms here, called weights, so that they add up.
 */
export interface Silence {
  /** The weight of the silence, less what few requests and few weeks cannot teach. */
  surprise: number;
  /** From here on the channel is silent; infinite where too little was learned. */
  bound: number;
  /** How many requests usually come in such a time. */
  usual: number;
}

/** e^-7: chance brings it about once in a thousand times. */
const BOUND = 7;

/** A stretch of time in which nothing could come. */
export interface Downtime {
  from: number;
  until: number;
}

export interface SilenceParts {
  channel: ChannelSituation;
  habit: Habit;
  /** Milliseconds since 1970. */
  from: number;
  now: number;
  downtimes: readonly Downtime[];
  /** Whether another channel of the source was as busy as usual, from one hour up to another. */
  isBusyElsewhere(begin: number, end: number): boolean;
}

export function measureSilence(parts: SilenceParts): Silence {
  const { habit, from, now } = parts;
  const { clustering, busyHours, weeks } = habit;
  const learned = busyHours / clustering;
  const weight = (weightOfDays(parts) / clustering) * (weeks / (weeks + 1));
  return {
    surprise: learned * Math.log1p(weight / learned),
    bound: learned > 1 ? Math.log(learned) + BOUND : Number.POSITIVE_INFINITY,
    usual: sumOver(parts, from, now, habit.means),
  };
}

/** How unusual it is that nothing came for a time, without regard to holidays. */
export function plainWeight(
  parts: Pick<SilenceParts, "habit" | "downtimes">,
  from: number,
  now: number,
): number {
  return sumOver(parts, from, now, parts.habit.weights) / parts.habit.clustering;
}

/** The times in which the bridge did not run, or that its clock skipped. */
export function downtimesOf({ lastStop, clockJumps }: Situation): Downtime[] {
  const skipped = clockJumps.filter(({ by }) => by > 0).map(({ at, by }) => ({ from: at - by, until: at }));
  return lastStop === null ? skipped : [lastStop, ...skipped];
}

/** The milliseconds of a time in which something could come. */
export function uptimeOf(downtimes: readonly Downtime[], from: number, until: number): number {
  let uptime = until - from;
  for (const one of downtimes) uptime -= Math.max(0, Math.min(until, one.until) - Math.max(from, one.from));
  return Math.max(0, uptime);
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

function weightOf({ habit, downtimes, from, now }: SilenceParts, begin: number): number {
  const first = Math.max(from, begin * HOUR_MS);
  const last = Math.min(now, (begin + 24) * HOUR_MS);
  return sumOver({ downtimes }, first, last, habit.weights);
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
  { downtimes }: Pick<SilenceParts, "downtimes">,
  from: number,
  until: number,
  values: Float64Array,
): number {
  let sum = 0;
  for (let hour = hourOf(from); hour * HOUR_MS < until; hour++) {
    const value = values[hour % HOURS_OF_WEEK] ?? 0;
    if (value === 0) continue;
    const uptime = uptimeOf(downtimes, Math.max(from, hour * HOUR_MS), Math.min(until, (hour + 1) * HOUR_MS));
    sum += (value * uptime) / HOUR_MS;
  }
  return sum;
}
