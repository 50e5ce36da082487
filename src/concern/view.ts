import type { Concern } from "./concern.ts";
import { type Habit, learnHabit, usualActivity } from "./habit.ts";
import { activityOf, firstAtOrAfter, genuineHours, hourOf, isAsUsual } from "./hours.ts";
import { type Deaf, deafOf } from "./silence.ts";
import type { ChannelSituation, Situation, SourceSituation } from "./situation.ts";
import { HOUR_MS } from "./words.ts";

/** A situation with what several rules derive from it. */
export interface View {
  situation: Situation;
  deaf: readonly Deaf[];
  sourceOf(name: string): SourceSituation | undefined;
  /** Learned when it is first asked for; null: too little came to learn from. */
  habitOf(channel: ChannelSituation): Habit | null;
  /** The other channels of the same source. */
  siblingsOf(channel: ChannelSituation): readonly ChannelSituation[];
  /** Whether another channel of the source that follows working days was as busy as usual in those hours. */
  isBusyBeside(channel: ChannelSituation, begin: number, end: number): boolean;
}

/** A rule, in steps of some milliseconds at most. */
export type Rule = (view: View) => Generator<void, Concern[], void>;

export function viewOf(situation: Situation): View {
  const sources = new Map(situation.sources.map((source) => [source.name, source]));
  const habits = new Map<ChannelSituation, Habit | null>();
  const habitOf = (channel: ChannelSituation) => {
    const known = habits.get(channel);
    if (known !== undefined) return known;
    const habit = learnHabit(channel);
    habits.set(channel, habit);
    return habit;
  };
  const siblingsOf = (channel: ChannelSituation) =>
    situation.channels.filter((one) => one.source === channel.source && one !== channel);
  return {
    situation,
    deaf: deafOf(situation),
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
