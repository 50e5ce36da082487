import { formatMoment } from "../domain/moment.ts";
import { formatDuration, plural } from "../domain/quantity.ts";
import { overdueBatch } from "./batch.ts";
import type { Concern } from "./concern.ts";
import { raise } from "./raise.ts";
import { heardOf, measureSilence, plainWeight } from "./silence.ts";
import type { ChannelSituation, RefusedInARow } from "./situation.ts";
import type { Rule, View } from "./view.ts";
import { DAY_MS, HOUR_MS, inWords, MINUTE_MS } from "./words.ts";

/** What comes over each channel: refused, overdue, silent or nothing yet; one of these at most. */
export const channelRule: Rule = function* (view) {
  const concerns: Concern[] = [];
  for (const channel of view.situation.channels) {
    const concern = refused(channel, view) ?? overdueBatch(channel, view) ?? quiet(channel, view);
    if (concern) concerns.push(concern);
    yield;
  }
  return concerns;
};

export function nameOf({ source, name }: Pick<ChannelSituation, "source" | "name">): string {
  return `${source}/${name}`;
}

function quiet(channel: ChannelSituation, view: View): Concern | null {
  const { newestGenuine } = channel;
  return newestGenuine === null ? unused(channel, view) : silent(channel, newestGenuine, view);
}

const UNUSED_AFTER_MS = DAY_MS;

function unused(channel: ChannelSituation, { situation: { now } }: View): Concern | null {
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

function silent(channel: ChannelSituation, newest: number, view: View): Concern | null {
  const { now } = view.situation;
  const finding =
    channel.expectEvery === null ? byHabit(channel, newest, view) : byConfiguration(channel, newest, view);
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

function byConfiguration({ expectEvery }: ChannelSituation, newest: number, view: View): Finding | null {
  if (expectEvery === null || heardOf(view.deaf, newest, view.situation.now) <= expectEvery) return null;
  return { measure: `\`expectEvery\` is ${formatDuration(expectEvery)}`, isGuess: false };
}

function byHabit(channel: ChannelSituation, newest: number, view: View): Finding | null {
  const { now } = view.situation;
  if (now - newest < HOUR_MS) return null;
  const habit = view.habitOf(channel);
  if (habit === null) {
    const measure = "too little came before to know what is usual";
    return now - newest < LONG_SILENCE_MS ? null : { measure, isGuess: true };
  }
  const { surprise, bound, usual } = measureSilence({
    channel,
    habit,
    from: newest,
    now,
    deaf: view.deaf,
    isBusyElsewhere: (begin, end) => view.isBusyBeside(channel, begin, end),
  });
  const measure = `in such a time there are usually about ${plural(Math.max(1, Math.round(usual)), "request")}`;
  return surprise > bound ? { measure, isGuess: false } : null;
}

const MIN_REFUSED = 3;
/** So unusual must the absence of genuine requests be beside the refused ones: a chance of 1 in 7. */
const MIN_WEIGHT = 2;
const PERSISTENT_MS = 6 * HOUR_MS;
const MIN_SPAN_MS = 10 * MINUTE_MS;

/** A stranger who knocks at night is no concern: genuine requests must be missing, or the knocking go on. */
function refused(channel: ChannelSituation, view: View): Concern | null {
  const { source, name, refused: row } = channel;
  if (row === null || row.count < MIN_REFUSED || !isProvider(channel, row, view)) return null;
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

function isProvider(channel: ChannelSituation, { since, newest }: RefusedInARow, view: View): boolean {
  const { now } = view.situation;
  const { newestGenuine, expectEvery } = channel;
  const span = newest - since;
  if (span >= PERSISTENT_MS) return true;
  if (newestGenuine === null) return span >= MIN_SPAN_MS;
  if (expectEvery !== null) return heardOf(view.deaf, newestGenuine, now) > expectEvery;
  const habit = view.habitOf(channel);
  if (habit === null) return span >= MIN_SPAN_MS && now - newestGenuine >= DAY_MS;
  return plainWeight({ habit, deaf: view.deaf }, since, now) >= MIN_WEIGHT;
}
