import { createPace, createSemaphore } from "./pace.ts";
import { PROVIDERS, type ProviderPost, postsOf, type SimulatedDocument } from "./simulation.ts";

/** The result of one attempt. */
export interface PostResponse {
  /** Null: there was no response. */
  status: number | null;
  /** The body, or why there was no response. */
  text: string;
}

export interface SendOptions {
  /** Makes one attempt. Never rejects. */
  post(post: ProviderPost, signal: AbortSignal): Promise<PostResponse>;
  /** Resolves after `ms` milliseconds, or as soon as the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Stops sending: posts that are not sent by then never are. */
  signal: AbortSignal;
  /** Called after each attempt. */
  onPost?(post: ProviderPost, response: PostResponse): void;
  /** Posts per second at most; default: no limit. Posts of one instant count once, retries do not count. */
  rate?: number;
  /** Attempts in flight at most; default: 16. */
  concurrency?: number;
  /** Divides the provider's retry delays; default: 1. */
  hurry?: number;
}

/** A post with the response to each attempt: none where it was dropped, or sending stopped before. */
export interface PostResult {
  post: ProviderPost;
  responses: readonly PostResponse[];
}

interface PendingResult extends PostResult {
  responses: PostResponse[];
}

/**
 * Sends all posts in the order of their times, without the time between them. Posts of one lane go one after
 * the other. A post that is not answered with 200 is retried on the provider's schedule, while the others go
 * on.
 */
export async function sendAll(
  documents: readonly SimulatedDocument[],
  options: SendOptions,
): Promise<PostResult[]> {
  const { signal, rate = Number.POSITIVE_INFINITY, hurry = 1 } = options;
  const slots = createSemaphore(options.concurrency ?? 16);
  const pace = createPace(rate, (ms) => options.wait(ms, signal));
  const lanes = new Map<string, Promise<void>>();
  const retries: Promise<void>[] = [];
  const delays = PROVIDERS[documents[0]?.provider ?? "lumin"].retryDelays.map((ms) => ms / hurry);
  const results = postsOf(documents).map((post): PendingResult => ({ post, responses: [] }));

  for (const result of results) {
    if (result.post.faults.includes("drop")) continue;
    await pace(result.post.at);
    await slots.acquire();
    if (signal.aborted) break;
    const before = lanes.get(result.post.lane);
    const sent = sendFirst(result, before).finally(slots.release);
    lanes.set(result.post.lane, sent);
  }
  await Promise.all(lanes.values());
  await Promise.all(retries);
  return results;

  /** The first attempt. Its retries do not hold up the lane. */
  async function sendFirst(result: PendingResult, before: Promise<void> | undefined): Promise<void> {
    await before;
    const isOver = await attempt(result);
    if (!isOver && !result.post.faults.includes("forge")) retries.push(retry(result));
  }

  async function retry(result: PendingResult): Promise<void> {
    for (const ms of delays) {
      await options.wait(ms, signal);
      await slots.acquire();
      if (await attempt(result).finally(slots.release)) return;
    }
  }

  /** True when no further attempt follows: it was accepted, or sending has stopped. */
  async function attempt({ post, responses }: PendingResult): Promise<boolean> {
    if (signal.aborted) return true;
    const response = await options.post(post, signal);
    responses.push(response);
    options.onPost?.(post, response);
    return response.status === 200;
  }
}
