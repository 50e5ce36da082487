import type { StandbySituation, ToldAlone } from "../concern/situation.ts";
import { HOUR_MS } from "../domain/tally.ts";
import type { Channel } from "../inbound/channel.ts";
import type { Store } from "../store/store.ts";

/** What channels on standby have told, and no channel has that stays. */

/** The others may be late: batches, and the first repeats of a post that failed. */
const GRACE_MS = HOUR_MS;
/** More would change nothing about what is to be done. */
const MAX_EVENTS = 1_000;

/** Undefined: the channel is not on standby. */
export async function standbyOf(
  { source, name, standby: span }: Channel,
  channels: readonly Channel[],
  { store, now }: { store: Pick<Store, "findEvents">; now: number },
): Promise<StandbySituation | undefined> {
  if (span === undefined) return undefined;
  const range = { from: now - span, until: now - GRACE_MS };
  const page = { limit: MAX_EVENTS, order: "newest" } as const;
  const all = channels.filter((one) => one.source === source);
  const staying = all.filter((one) => one.standby === undefined && !one.shadow);
  const only = all.filter((one) => !staying.includes(one)).map((one) => one.name);
  const { items } = await store.findEvents({ source, channel: name, only, ...range }, page);
  const told = new Set(staying.flatMap(({ rules }) => rules.event.words.flatMap(({ tells }) => [...tells])));
  const byType = Map.groupBy(items, ({ type }) => type);
  const alone = [...byType].map(([type, events]): ToldAlone => {
    const times = events.map(({ recordedAt }) => Date.parse(recordedAt));
    return { type, count: events.length, first: Math.min(...times), expected: !told.has(type) };
  });
  return { span, alone };
}
