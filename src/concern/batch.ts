import { formatMoment } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import type { Concern } from "./concern.ts";
import { type Context, genuineAfter, nameOf } from "./context.ts";
import { raise } from "./raise.ts";
import type { ChannelSituation } from "./situation.ts";
import { HOUR_MS, inWords, MINUTE_MS } from "./words.ts";

/** Channels on which a provider posts at fixed intervals what happened since. */
const BATCHES: readonly { provider: string; channel: string; every: number }[] = [
  { provider: "legalesign", channel: "batch", every: 6 * MINUTE_MS },
];

const MIN_TOLD = 3;
const GRACE_MS = 2 * HOUR_MS;

/**
 * Whether a batch is posted when nothing happened is not published, so its silence alone proves nothing: a
 * quiet night is none. But what another channel of the source told must be in a batch soon after. Some
 * happenings are in no batch (an e-mail that bounced), so one alone proves nothing either.
 */
export function overdueBatch(channel: ChannelSituation, context: Context): Concern | null {
  const { source, name, provider, newestGenuine } = channel;
  const batch = BATCHES.find((one) => one.provider === provider && one.channel === name);
  if (!batch || newestGenuine === null) return null;
  const told = context.siblingsOf(channel).map((sibling) => genuineAfter(sibling, newestGenuine));
  const count = told.reduce((sum, one) => sum + one.count, 0);
  const first = Math.min(...told.map((one) => one.first ?? Number.POSITIVE_INFINITY));
  if (count < MIN_TOLD || context.situation.now - first < GRACE_MS) return null;
  return raise("batch_overdue", {
    subject: { source, channel: name },
    since: newestGenuine,
    facts: {
      channel: nameOf(channel),
      source,
      name,
      newest: formatMoment(newestGenuine),
      every: inWords(batch.every),
      requests: plural(count, "request"),
    },
  });
}
