import type { Chance } from "./chance.ts";
import type { PlannedPost, PostDraft } from "./planned-post.ts";
import type { Timeline } from "./timeline.ts";

/** How a provider works. Pure: chance is an argument. */
export interface Provider {
  channels: readonly string[];
  /** The delay before each retry of a post that was not answered with 200, in milliseconds. */
  retryDelays: readonly number[];
  /** One document with this many signers. `start`: milliseconds since 1970. */
  makeTimeline(signers: number, start: number, chance: Chance): Timeline;
  /** All posts about these documents over the chosen channels. */
  planPosts(timelines: readonly Timeline[], options: PostingOptions): PostDraft[];
  /** The headers and parameters that prove a post genuine. */
  authenticate(
    post: Pick<PlannedPost, "channel" | "body" | "documents">,
    credentials: ProviderCredentials,
  ): SentCredentials;
}

export interface PostingOptions {
  channels: readonly string[];
  /** Equal purposes give equal generators. */
  chanceOf(purpose: string): Chance;
  /** When the simulation begins, milliseconds since 1970. */
  start: number;
  /** The interval between two batches, in milliseconds. */
  every: number;
  /** The largest difference between two channels' times of one happening, in milliseconds. */
  skew: number;
}

export interface ProviderCredentials {
  /** Signs bodies. */
  secret: string;
  /** Stands in the URL; null: none does. */
  token: string | null;
}

/** What a post carries of the credentials. */
export interface SentCredentials {
  headers: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
}
