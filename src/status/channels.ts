import type {
  ChannelSituation,
  ChannelTally,
  OlderSecret,
  Problems,
  RefusedInARow,
} from "../concern/situation.ts";
import type { Channel } from "../inbound/channel.ts";
import type { RequestTally } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { newestOf } from "./pages.ts";
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
  /** By source and channel. */
  olderSecrets: ReadonlyMap<string, OlderSecret>;
}

export async function lookAtChannels(parts: Parts): Promise<ChannelSituation[]> {
  const { channels, tallies } = parts;
  const byChannel = Map.groupBy(tallies, ({ source, channel }) => `${source}/${channel}`);
  const looked: ChannelSituation[] = [];
  for (const channel of channels) {
    const own = byChannel.get(`${channel.source}/${channel.name}`) ?? [];
    const standby = await standbyOf(channel, channels, parts);
    looked.push({ ...(await lookAt(channel, own, parts)), standby });
  }
  return looked;
}

async function lookAt(
  channel: Channel,
  tallies: readonly RequestTally[],
  { store, startedAt, olderSecrets }: Parts,
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
    olderSecret: olderSecrets.get(`${channel.source}/${channel.name}`) ?? null,
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
  const begin = Math.max(first.hour, newestGenuine ?? 0);
  const kept = { source, channel: name, from: begin };
  const { items } = await store.listRejections(kept, { limit: 1, order: "newest" });
  const [oldest] = (await store.listRejections(kept, { limit: 1, order: "oldest" })).items;
  return {
    count: later.reduce((sum, { count }) => sum + count, 0),
    since: oldest?.receivedAt ?? begin,
    newest: Math.max(...later.map(({ newest }) => newest)),
    check: items[0]?.reason ?? "they are not kept",
  };
}

/** The most that are counted: more would change nothing about what is to be done. */
const MAX_PROBLEMS = 1_000;

async function problemsOf({ source, name }: Channel, store: Parts["store"]): Promise<Problems | null> {
  const filter = { source, channel: name, problems: true };
  const receipts = await newestOf((page) => store.findReceipts(filter, page), MAX_PROBLEMS);
  const [newest, oldest] = [receipts[0], receipts.at(-1)];
  if (!newest || !oldest) return null;
  return { count: receipts.length, oldest: oldest.receivedAt, newest: newest.receivedAt };
}
