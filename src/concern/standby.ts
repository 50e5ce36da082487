import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import type { Concern } from "./concern.ts";
import { nameOf } from "./context.ts";
import { raise } from "./raise.ts";
import type { ChannelSituation, Situation, StandbySituation } from "./situation.ts";
import { fewOf, inWords } from "./words.ts";

/** Channels that another has taken over from: they may fall silent, and nothing may come over them alone. */
export function standbyConcerns({ channels, now }: Situation): Concern[] {
  return channels.flatMap((channel) => {
    const { standby } = channel;
    return standby ? [...toldAlone(channel, standby), ...over(channel, standby, now)] : [];
  });
}

const MAX_SHOWN_TYPES = 5;

/** What no channel that stays has a word for was known before the change; anything else is a loss. */
function toldAlone(channel: ChannelSituation, { alone }: StandbySituation): Concern[] {
  const losses = alone.filter(({ expected }) => !expected);
  const shown = losses.length > 0 ? losses : alone;
  if (shown.length === 0) return [];
  const { source, name } = channel;
  const count = shown.reduce((sum, one) => sum + one.count, 0);
  const since = Math.min(...shown.map(({ first }) => first));
  const types = shown.slice(0, MAX_SHOWN_TYPES).map(({ type, count }) => `${type} (${count})`);
  return [
    raise("standby_alone", {
      subject: { source, channel: name },
      since,
      count,
      otherwise: losses.length === 0,
      facts: {
        channel: nameOf(channel),
        source,
        name,
        events: plural(count, "event"),
        since: formatMoment(since),
        types: fewOf(types, shown.length),
        why: losses.length > 0 ? "" : ", for which none of these has a word",
      },
    }),
  ];
}

function over(channel: ChannelSituation, { span }: StandbySituation, now: number): Concern[] {
  const { source, name, newestGenuine, since } = channel;
  const last = newestGenuine ?? since;
  if (now - last < span) return [];
  return [
    raise("standby_over", {
      subject: { source, channel: name },
      since: last + span,
      facts: { channel: nameOf(channel), length: inWords(now - last) },
    }),
  ];
}
