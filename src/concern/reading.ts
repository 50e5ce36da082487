import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import type { Concern } from "./concern.ts";
import { nameOf } from "./context.ts";
import { raise } from "./raise.ts";
import type { ChannelSituation, Situation, UnknownWord } from "./situation.ts";
import { DAY_MS, fewOf, shownWord } from "./words.ts";

/** Secrets that are half changed, requests that could not be read, and words that no table has. */
export function readingConcerns(situation: Situation): Concern[] {
  return [
    ...situation.channels.flatMap((channel) => rotation(channel, situation.now)),
    ...situation.channels.flatMap(unreadable),
    ...unknownWords(situation),
  ];
}

const ROTATION_MS = DAY_MS;

function rotation(channel: ChannelSituation, now: number): Concern[] {
  const { source, name, olderSecret } = channel;
  if (olderSecret === null || now - olderSecret.since < ROTATION_MS) return [];
  const facts = {
    channel: nameOf(channel),
    since: formatMoment(olderSecret.since),
    last: formatMoment(olderSecret.newest),
  };
  return [
    raise("rotation_unfinished", {
      subject: { source, channel: name },
      since: olderSecret.since,
      facts,
    }),
  ];
}

function unreadable(channel: ChannelSituation): Concern[] {
  const { source, name, problems } = channel;
  if (problems === null || problems.count === 0) return [];
  const { count, oldest, newest } = problems;
  return [
    raise("unreadable", {
      subject: { source, channel: name },
      since: oldest,
      count,
      facts: {
        channel: nameOf(channel),
        source,
        name,
        requests: plural(count, "request"),
        last: formatMoment(newest),
      },
    }),
  ];
}

const WORD_MS = 30 * DAY_MS;
const SHOWN_WORDS = 5;

function unknownWords({ unknownWords, now }: Situation): Concern[] {
  const lately = unknownWords.filter(({ newest }) => now - newest < WORD_MS);
  return [...Map.groupBy(lately, ({ source }) => source)].map(([source, words]) => unknownOf(source, words));
}

function unknownOf(source: string, words: readonly UnknownWord[]): Concern {
  const since = Math.min(...words.map(({ first }) => first));
  const newestFirst = words.toSorted((one, other) => other.first - one.first).slice(0, SHOWN_WORDS);
  return raise("unknown_word", {
    subject: { source },
    since,
    count: words.length,
    facts: {
      source,
      words: plural(words.length, "word"),
      since: formatMoment(since),
      examples: fewOf(newestFirst.map(describeWord), words.length),
    },
  });
}

function describeWord({ word, object, count }: UnknownWord): string {
  return `${shownWord(word)}${object === null ? "" : ` (${shownWord(object)})`} ${plural(count, "time")}`;
}
