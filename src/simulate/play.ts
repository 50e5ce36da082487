import { createPace, createSlots } from "./pace.ts";
import { type Post, PROVIDERS, postsOf, type Story } from "./story.ts";

/** What came of one try. */
export interface Answer {
  /** Null: there was no answer. */
  status: number | null;
  /** The body, or why there was no answer. */
  text: string;
}

/** What a play has of the world. */
export interface Stage {
  /** Sends once. Never rejects. */
  post(post: Post, signal: AbortSignal): Promise<Answer>;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Ends it: what is not sent by then is not sent. */
  signal: AbortSignal;
  /** Told of every try. */
  onPost?(post: Post, answer: Answer): void;
  /** How many posts a second at most; default: no limit. Posts of the same instant, and further tries, do not count. */
  rate?: number;
  /** How many at a time at most: 16. */
  concurrency?: number;
  /** The provider's waits before further tries are divided by it: 1. */
  hurry?: number;
}

/** A post with what was answered, try by try: nothing where it was dropped, or the play ended before. */
export interface Played {
  post: Post;
  answers: readonly Answer[];
}

interface Playing extends Played {
  answers: Answer[];
}

/**
 * Sends the posts in the order of their times, not waiting out the time between them. Those of a lane go one after the other, as
 * the provider would; one that is not answered with 200 is tried again on the provider's schedule, while the others go on.
 */
export async function play(stories: readonly Story[], stage: Stage): Promise<Played[]> {
  const { signal, rate = Number.POSITIVE_INFINITY } = stage;
  const slots = createSlots(stage.concurrency ?? 16);
  const pace = createPace(rate, (ms) => stage.wait(ms, signal));
  const lanes = new Map<string, Promise<void>>();
  const retries: Promise<void>[] = [];
  const waits = PROVIDERS[stories[0]?.provider ?? "lumin"].retries.map((ms) => ms / (stage.hurry ?? 1));
  const played = postsOf(stories).map((post): Playing => ({ post, answers: [] }));

  for (const one of played) {
    if (one.post.faults.includes("drop")) continue;
    await pace(one.post.at);
    await slots.take();
    if (signal.aborted) break;
    const before = lanes.get(one.post.lane);
    const sent = send(one, before).finally(slots.give);
    lanes.set(one.post.lane, sent);
  }
  await Promise.all(lanes.values());
  await Promise.all(retries);
  return played;

  /** One's first try; further ones hold up nobody. */
  async function send(one: Playing, before: Promise<void> | undefined): Promise<void> {
    await before;
    const done = await attempt(one);
    if (!done && !one.post.faults.includes("forge")) retries.push(tryAgain(one));
  }

  async function tryAgain(one: Playing): Promise<void> {
    for (const ms of waits) {
      await stage.wait(ms, signal);
      await slots.take();
      if (await attempt(one).finally(slots.give)) return;
    }
  }

  /** Whether there is no more to be done. */
  async function attempt({ post, answers }: Playing): Promise<boolean> {
    if (signal.aborted) return true;
    const answer = await stage.post(post, signal);
    answers.push(answer);
    stage.onPost?.(post, answer);
    return answer.status === 200;
  }
}
