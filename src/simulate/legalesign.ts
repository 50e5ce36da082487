import { createHmac } from "node:crypto";
import type { Chance } from "./chance.ts";
import { planBatchPosts } from "./legalesign-batch.ts";
import { planRealtimePosts } from "./legalesign-realtime.ts";
import { makeLegalesignTimeline } from "./legalesign-timeline.ts";
import { planUponPosts } from "./legalesign-upon.ts";
import type { PlannedPost, PostDraft } from "./planned-post.ts";
import type { PostingOptions, Provider, ProviderCredentials, SentCredentials } from "./provider.ts";
import type { Timeline } from "./timeline.ts";

const MINUTE_MS = 60_000;

/**
 * Legalesign posts forms upon an event and in batches, and JSON in real time.
 * https://apidocs.legalesign.com/docs/webhooks
 */
export const LEGALESIGN: Provider = {
  channels: ["upon", "batch", "realtime"],
  // Legalesign publishes that it retries, but not when or how often: these delays are invented.
  retryDelays: [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS],
  makeTimeline: makeLegalesignTimeline,
  planPosts,
  authenticate,
};

function planPosts(timelines: readonly Timeline[], options: PostingOptions): PostDraft[] {
  const { channels, chanceOf } = options;
  return [
    ...(channels.includes("upon")
      ? timelines.flatMap((timeline) => planUponPosts(timeline, chanceFor(timeline, "upon")))
      : []),
    ...(channels.includes("batch") ? planBatchPosts(timelines, options) : []),
    ...(channels.includes("realtime")
      ? timelines.flatMap((timeline) =>
          planRealtimePosts(timeline, options.skew, chanceFor(timeline, "realtime")),
        )
      : []),
  ];
  function chanceFor({ document }: Timeline, channel: string): Chance {
    return chanceOf(`${channel} ${document}`);
  }
}

/**
 * The encoding of the realtime signature is not published: one half of the documents has hex, the other
 * base64.
 */
function authenticate(
  { channel, body, documents }: Pick<PlannedPost, "channel" | "body" | "documents">,
  { secret, token }: ProviderCredentials,
): SentCredentials {
  if (channel !== "realtime")
    return {
      headers: { "content-type": "application/x-www-form-urlencoded" },
      query: token === null ? {} : { token },
    };
  const encoding = Number.parseInt(documents[0]?.at(-1) ?? "0", 16) % 2 === 0 ? "hex" : "base64";
  const signature = createHmac("sha256", secret).update(body).digest(encoding);
  return { headers: { "content-type": "application/json", "x-hmac-sha256": signature }, query: {} };
}
