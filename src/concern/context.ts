import type { Concern } from "./concern.ts";
import { type Habit, learnHabit, usualActivity } from "./habit.ts";
import { activityOf, firstAtOrAfter, genuineHours, hourOf, isAsUsual } from "./hours.ts";
import { type Downtime, downtimesOf } from "./silence.ts";
import type { ChannelSituation, Situation, SourceSituation } from "./situation.ts";
import { HOUR_MS } from "./words.ts";

/** A situation with what several rules derive from it. */
export interface Context {
  situation: Situation;
  downtimes: readonly Downtime[];
  sourceOf(name: string): SourceSituation | undefined;
  /** Learned when it is first asked for; null: too little came to learn from. */
  habitOf(channel: ChannelSituation): Habit | null;
  /** The other channels of the same source. */
  siblingsOf(channel: ChannelSituation): readonly ChannelSituation[];
  /** Whether another channel of the source that follows working days was as busy as usual in those hours. */
  isBusyBeside(channel: ChannelSituation, begin: number, end: number): boolean;
}

/** A rule, in steps of some milliseconds at most. */
export type Rule = (context: Context) => Generator<void, Concern[], void>;

/** What was learned for each channel, by name, as of its newest request. */
export type Habits = Map<string, { newestGenuine: number | null; habit: Habit | null }>;

/** `habits` of earlier evaluations spare this one from learning again while nothing new came. */
export function contextOf(situation: Situation, habits: Habits): Context {
  const sources = new Map(situation.sources.map((source) => [source.name, source]));
  const habitOf = (channel: ChannelSituation) => {
    const { newestGenuine } = channel;
    const known = habits.get(nameOf(channel));
    if (known?.newestGenuine === newestGenuine) return known.habit;
    const habit = learnHabit(channel);
    habits.set(nameOf(channel), { newestGenuine, habit });
    return habit;
  };
  const siblingsOf = (channel: ChannelSituation) =>
    situation.channels.filter((one) => one.source === channel.source && one !== channel);
  return {
    situation,
    downtimes: downtimesOf(situation),
    sourceOf: (name) => sources.get(name),
    habitOf,
    siblingsOf,
    isBusyBeside: (channel, begin, end) =>
      siblingsOf(channel).some((sibling) => isBusyAsUsual(sibling, habitOf(sibling), begin, end)),
  };
}

function isBusyAsUsual(
  { tallies }: ChannelSituation,
  habit: Habit | null,
  begin: number,
  end: number,
): boolean {
  if (!habit?.rests || !habit.restsWeekly) return false;
  const observed = activityOf(genuineHours(tallies, begin, end), begin, end);
  return isAsUsual(observed, usualActivity(habit, begin, end));
}

export function nameOf({ source, name }: Pick<ChannelSituation, "source" | "name">): string {
  return `${source}/${name}`;
}

/** The genuine requests in the hours after that of a moment: their number and the first of those hours. */
export function genuineAfter(
  { tallies }: ChannelSituation,
  at: number,
): { count: number; first: number | null } {
  let count = 0;
  let first: number | null = null;
  for (let index = firstAtOrAfter(tallies, (hourOf(at) + 1) * HOUR_MS); index < tallies.length; index++) {
    const tally = tallies[index];
    if (tally === undefined || tally.outcome === "refused") continue;
    count += tally.count;
    first ??= tally.hour;
  }
  return { count, first };
}
