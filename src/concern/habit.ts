import { frequenciesOf, heavinessOf, SKIPPED, weigh } from "./frequencies.ts";
import {
  type Activity,
  activityOf,
  firstGenuineHour,
  genuineHours,
  HOURS_OF_WEEK,
  type Hours,
  hourOf,
  isAsUsual,
} from "./hours.ts";
import type { ChannelSituation } from "./situation.ts";

/**
 * How the requests of a channel usually come, by the hour of the week. Lists have 168 numbers; the first is
 * that of the hour with which 1970 began.
 */
export interface Habit {
  /** The share of weeks in which something came in the hour or in the two beside it, from 0 to below 1. */
  shares: Float64Array;
  /** How unusual it is that nothing comes in the hour: the negative logarithm of its probability. */
  weights: Float64Array;
  /** The requests of the hour, on average. */
  means: Float64Array;
  /** The number of hours with a request that all this was learned from. */
  busyHours: number;
  /** How many weeks it was learned from. */
  weeks: number;
  /** How many busy hours count as one, since they come together; 1: each comes by itself. */
  clustering: number;
  /** The hour of the day, UTC, with which a day of this channel begins: the middle of its quietest hours. */
  dayStart: number;
  /** Every day has hours in which hardly anything comes, so a day may be left out as well: a holiday. */
  rests: boolean;
  /** One day of the week is far quieter than another: it follows people's working days. */
  restsWeekly: boolean;
}

const MAX_WEEKS = 8;
const MIN_DAYS = 14;
/** The longest stretch of the past that is learned from, in hours. */
export const MAX_LEARNED_HOURS = MAX_WEEKS * HOURS_OF_WEEK;
/** On a day with so many busy hours, as a rule, their absence shows a holiday or an outage. */
const MIN_EXPECTED_HOURS = 3;
/** So many holidays, or outages of some days, and of all such days so many, are left out. */
const MAX_MISSED_RUNS = 2;
const MAX_MISSED_SHARE = 0.15;
const QUIET_HOURS = 4;
const MAX_QUIET_WEIGHT = 0.5;
const QUIET_DAY_SHARE = 0.25;

/**
 * Learned from the eight weeks before the newest request, so that a silence does not become the habit; null:
 * the channel had no two weeks of requests before it. Days on which hardly anything came although much should
 * have (holidays, outages) teach nothing.
 */
export function learnHabit({ tallies, newestGenuine }: ChannelSituation): Habit | null {
  const first = firstGenuineHour(tallies);
  if (first === null || newestGenuine === null) return null;
  const end = hourOf(newestGenuine);
  const hours = genuineHours(tallies, Math.max(first, end - MAX_LEARNED_HOURS), end);
  if (hours.counts.length < MIN_DAYS * 24) return null;

  const draft = frequenciesOf(hours);
  const dayStart = middleOfQuietest(draft.shares);
  const ordinary = withoutMissed(hours, daysOf(hours, dayStart, draft));
  const { shares, means, busyHours } = frequenciesOf(ordinary);
  const weights = weigh(shares, ordinary);
  const scatter = scatterOf(daysOf(ordinary, dayStart, { shares, means }));
  return {
    shares,
    weights,
    means,
    busyHours,
    weeks: hours.counts.length / HOURS_OF_WEEK,
    clustering: Math.max(scatter, heavinessOf(weights, ordinary)),
    dayStart,
    rests: quietWeight(weights, dayStart) < MAX_QUIET_WEIGHT,
    restsWeekly: isFarQuieterOnADay(shares, dayStart),
  };
}

/** The number of a channel's day, from 1970. */
export function dayOf(hour: number, dayStart: number): number {
  return Math.floor((hour - dayStart) / 24);
}

/** The first hour of a channel's day. */
export function beginOf(day: number, dayStart: number): number {
  return day * 24 + dayStart;
}

/** What usually happens from one hour up to another. */
export function usualActivity(
  { shares, means }: Pick<Habit, "shares" | "means">,
  begin: number,
  end: number,
): Activity {
  let busy = 0;
  let requests = 0;
  for (let hour = begin; hour < end; hour++) {
    busy += shares[hour % HOURS_OF_WEEK] ?? 0;
    requests += means[hour % HOURS_OF_WEEK] ?? 0;
  }
  return { busy, requests };
}

/** The hour of the day in the middle of the four that are quietest over the week. */
function middleOfQuietest(shares: Float64Array): number {
  const quietOf = (begin: number) => {
    let sum = 0;
    for (let place = begin; place < begin + QUIET_HOURS; place++)
      for (let slot = place % 24; slot < HOURS_OF_WEEK; slot += 24) sum += shares[slot] ?? 0;
    return sum;
  };
  const sums = Array.from({ length: 24 }, (_, begin) => quietOf(begin));
  return (sums.indexOf(Math.min(...sums)) + QUIET_HOURS / 2) % 24;
}

interface Day {
  /** Its first hour and the one after its last; the first and the last day may be cut. */
  begin: number;
  end: number;
  observed: Activity;
  usual: Activity;
}

/** The days of those hours, without those that teach nothing. */
function daysOf(hours: Hours, dayStart: number, habit: Pick<Habit, "shares" | "means">): Day[] {
  const last = hours.from + hours.counts.length;
  const days: Day[] = [];
  for (let begin = hours.from; begin < last; ) {
    const end = Math.min(last, beginOf(dayOf(begin, dayStart) + 1, dayStart));
    if (hours.counts[begin - hours.from] !== SKIPPED)
      days.push({
        begin,
        end,
        observed: activityOf(hours, begin, end),
        usual: usualActivity(habit, begin, end),
      });
    begin = end;
  }
  return days;
}

/**
 * The hours without days on which hardly anything came although much should have. Where there are many such
 * days, they are the habit.
 */
function withoutMissed(hours: Hours, all: readonly Day[]): Hours {
  const days = all.filter(({ usual }) => usual.busy >= MIN_EXPECTED_HOURS);
  const isMissed = days.map(({ observed, usual }) => !isAsUsual(observed, usual));
  const missed = days.filter((_, index) => isMissed[index]);
  const runs = missed.length - isMissed.filter((one, index) => one && isMissed[index + 1]).length;
  if (runs > MAX_MISSED_RUNS || missed.length > MAX_MISSED_SHARE * days.length) return hours;
  const rest = hours.counts.slice();
  for (const { begin, end } of missed) rest.fill(SKIPPED, begin - hours.from, end - hours.from);
  return { from: hours.from, counts: rest };
}

/** The variance of busy hours in a day over their mean: 1 where they come by themselves, at least. */
function scatterOf(days: readonly Day[]): number {
  let deviation = 0;
  let expected = 0;
  for (const { observed, usual } of days) {
    deviation += (observed.busy - usual.busy) ** 2;
    expected += usual.busy;
  }
  return Math.max(1, deviation / Math.max(expected, 1));
}

/** The weight of the quietest hours of a day, on average over the week. */
function quietWeight(weights: Float64Array, dayStart: number): number {
  let sum = 0;
  for (const [slot, weight] of weights.entries()) {
    const distance = (slot - dayStart + 36) % 24;
    if (distance >= 12 - QUIET_HOURS / 2 && distance < 12 + QUIET_HOURS / 2) sum += weight;
  }
  return sum / 7;
}

function isFarQuieterOnADay(shares: Float64Array, dayStart: number): boolean {
  const days = Array.from({ length: 7 }, (_, day) =>
    usualActivity({ shares, means: shares }, day * 24 + dayStart, (day + 1) * 24 + dayStart),
  ).map(({ busy }) => busy);
  return Math.min(...days) < QUIET_DAY_SHARE * Math.max(...days);
}
