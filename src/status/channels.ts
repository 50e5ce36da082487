import type { ChannelSituation, ChannelTally, Problems, RefusedInARow } from "../concern/situation.ts";
import type { Channel } from "../inbound/channel.ts";
import type { RequestTally } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { standbyOf } from "./standby.ts";

/** What came over each configured channel. */

interface Parts {
  store: Pick<Store, "findEvents" | "findReceipts" | "listRejections">;
  channels: readonly Channel[];
  tallies: readonly RequestTally[];
  /** When this process began, milliseconds since 1970: a channel that never got anything is no older. */
  startedAt: number;
  /** Milliseconds since 1970. */
  now: number;
}

export async function lookAtChannels({ store, channels, tallies, startedAt, now }: Parts) {
  const byChannel = Map.groupBy(tallies, ({ source, channel }) => `${source}/${channel}`);
  const looked: ChannelSituation[] = [];
  for (const channel of channels) {
    const own = byChannel.get(`${channel.source}/${channel.name}`) ?? [];
    const standby = await standbyOf(channel, channels, { store, now });
    looked.push({ ...(await lookAt(channel, own, { store, startedAt })), standby });
  }
  return looked;
}

async function lookAt(
  channel: Channel,
  tallies: readonly RequestTally[],
  { store, startedAt }: Pick<Parts, "store" | "startedAt">,
): Promise<ChannelSituation> {
  const genuine = tallies.filter(({ outcome }) => outcome !== "refused");
  const newestGenuine = genuine.length === 0 ? null : Math.max(...genuine.map(({ newest }) => newest));
  return {
    source: channel.source,
    name: channel.name,
    provider: channel.mapping.provider,
    verified: channel.checks.length > 0,
    since: Math.min(startedAt, ...tallies.map(({ hour }) => hour)),
    expectEvery: channel.expectEvery ?? null,
    tallies: tallies.map(toTally),
    newestGenuine,
    refused: await refusedSince(newestGenuine, channel, tallies, store),
    olderSecret: null,
    problems: await problemsOf(channel, store),
  };
}

/** A request that repeats known events is as genuine as a new one. */
function toTally({ hour, outcome, count, newest }: RequestTally): ChannelTally {
  return { hour, outcome: outcome === "duplicate" ? "accepted" : outcome, count, newest };
}

async function refusedSince(
  newestGenuine: number | null,
  { source, name }: Channel,
  tallies: readonly RequestTally[],
  store: Parts["store"],
): Promise<RefusedInARow | null> {
  const later = tallies.filter(
    ({ outcome, newest }) => outcome === "refused" && newest > (newestGenuine ?? Number.NEGATIVE_INFINITY),
  );
  const [first] = later;
  if (!first) return null;
  const { items } = await store.listRejections({ source, channel: name }, { limit: 1, order: "newest" });
  return {
    count: later.reduce((sum, { count }) => sum + count, 0),
    since: Math.max(first.hour, newestGenuine ?? 0),
    newest: Math.max(...later.map(({ newest }) => newest)),
    check: items[0]?.reason ?? "they are not kept",
  };
}

/** The most that are counted: more would change nothing about what is to be done. */
const MAX_PROBLEMS = 1_000;

async function problemsOf({ source, name }: Channel, store: Parts["store"]): Promise<Problems | null> {
  const filter = { source, channel: name, problems: true };
  const { items } = await store.findReceipts(filter, { limit: MAX_PROBLEMS, order: "newest" });
  const [newest, oldest] = [items[0], items.at(-1)];
  if (!newest || !oldest) return null;
  return { count: items.length, oldest: oldest.receivedAt, newest: newest.receivedAt };
}
