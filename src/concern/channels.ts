import { formatMoment } from "../domain/moment.ts";
import { formatDuration, plural } from "../domain/quantity.ts";
import { overdueBatch } from "./batch.ts";
import type { Concern } from "./concern.ts";
import { type Context, nameOf, type Rule } from "./context.ts";
import { firstAtOrAfter, hourOf } from "./hours.ts";
import { raise } from "./raise.ts";
import { measureSilence, plainWeight, uptimeOf } from "./silence.ts";
import type { ChannelSituation, RefusedInARow } from "./situation.ts";
import { DAY_MS, HOUR_MS, inWords, MINUTE_MS } from "./words.ts";

/**
 * What comes over each channel: refused, overdue, silent or nothing yet; one of these at most. One on standby
 * is expected to fall silent.
 */
export const channelRule: Rule = function* (context) {
  const concerns: Concern[] = [];
  for (const channel of context.situation.channels) {
    const missing = () => overdueBatch(channel, context) ?? quiet(channel, context);
    const concern = refused(channel, context) ?? (channel.standby ? null : missing());
    if (concern) concerns.push(concern);
    yield;
  }
  return concerns;
};

function quiet(channel: ChannelSituation, context: Context): Concern | null {
  const { newestGenuine } = channel;
  return newestGenuine === null ? unused(channel, context) : silent(channel, newestGenuine, context);
}

const UNUSED_AFTER_MS = DAY_MS;

function unused(channel: ChannelSituation, { situation: { now } }: Context): Concern | null {
  const { source, name, since } = channel;
  if (now - since < UNUSED_AFTER_MS) return null;
  return raise("unused", {
    subject: { source, channel: name },
    since,
    facts: { channel: nameOf(channel), length: inWords(now - since) },
  });
}

/** Without a habit, a silence of this length is worth knowing. */
const LONG_SILENCE_MS = 28 * DAY_MS;

function silent(channel: ChannelSituation, newest: number, context: Context): Concern | null {
  const { now } = context.situation;
  const finding =
    channel.expectEvery === null
      ? byHabit(channel, newest, context)
      : byConfiguration(channel, newest, context);
  if (finding === null) return null;
  const { source, name, verified } = channel;
  return raise("silent", {
    subject: { source, channel: name },
    since: newest,
    otherwise: finding.isGuess,
    facts: {
      channel: nameOf(channel),
      source,
      name,
      nothing: verified ? "Nothing genuine" : "Nothing",
      newest: formatMoment(newest),
      length: inWords(now - newest),
      measure: finding.measure,
    },
  });
}

interface Finding {
  measure: string;
  /** Too little came to know what is usual. */
  isGuess: boolean;
}

function byConfiguration(
  { expectEvery }: ChannelSituation,
  newest: number,
  context: Context,
): Finding | null {
  if (expectEvery === null || uptimeOf(context.downtimes, newest, context.situation.now) <= expectEvery)
    return null;
  return { measure: `\`expectEvery\` is ${formatDuration(expectEvery)}`, isGuess: false };
}

function byHabit(channel: ChannelSituation, newest: number, context: Context): Finding | null {
  const { now } = context.situation;
  if (now - newest < HOUR_MS) return null;
  const habit = context.habitOf(channel);
  if (habit === null) {
    const measure = "too little came before to know what is usual";
    return now - newest < LONG_SILENCE_MS ? null : { measure, isGuess: true };
  }
  const { surprise, bound, usual } = measureSilence({
    channel,
    habit,
    from: newest,
    now,
    downtimes: context.downtimes,
    isBusyElsewhere: (begin, end) => context.isBusyBeside(channel, begin, end),
  });
  const measure = `in such a time there are usually about ${plural(Math.max(1, Math.round(usual)), "request")}`;
  return surprise > bound ? { measure, isGuess: false } : null;
}

const MIN_REFUSED = 3;

/** Strangers are refused as well: genuine requests must be missing, or the refused ones go on for hours. */
function refused(channel: ChannelSituation, context: Context): Concern | null {
  const { source, name, refused: row } = channel;
  if (row === null || row.count < MIN_REFUSED || !isProvider(channel, row, context)) return null;
  return raise("refused", {
    subject: { source, channel: name },
    since: row.since,
    count: row.count,
    facts: {
      channel: nameOf(channel),
      source,
      since: formatMoment(row.since),
      requests: plural(row.count, "request"),
      last: formatMoment(row.newest),
      check: row.check,
    },
  });
}

const MIN_SPAN_MS = 10 * MINUTE_MS;
/** In so many different hours hardly anybody but a provider sends requests: of one day, or in all. */
const MIN_HOURS_OF_DAY = 4;
const MIN_HOURS = 6;
/** So unusual must it be otherwise that no genuine one came among the refused: a chance of 1 in 7. */
const MIN_WEIGHT = 2;

function isProvider(channel: ChannelSituation, { since, newest }: RefusedInARow, context: Context): boolean {
  const { newestGenuine, expectEvery } = channel;
  if (newestGenuine === null) return newest - since >= MIN_SPAN_MS;
  if (refusedHours(channel, since) >= MIN_HOURS) return true;
  if (refusedHours(channel, Math.max(since, newest - DAY_MS)) >= MIN_HOURS_OF_DAY) return true;
  if (expectEvery !== null) return uptimeOf(context.downtimes, newestGenuine, newest) > expectEvery;
  const habit = newest - since < DAY_MS ? context.habitOf(channel) : null;
  return habit !== null && plainWeight({ habit, downtimes: context.downtimes }, since, newest) >= MIN_WEIGHT;
}

/** The number of hours with refused requests, from that of a moment on. */
function refusedHours({ tallies }: ChannelSituation, since: number): number {
  const hours = new Set<number>();
  for (let index = firstAtOrAfter(tallies, hourOf(since) * HOUR_MS); index < tallies.length; index++) {
    const tally = tallies[index];
    if (tally?.outcome === "refused") hours.add(tally.hour);
  }
  return hours.size;
}
