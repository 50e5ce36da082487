import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../../src/simulate/chance.ts";
import { createSemaphore } from "../../src/simulate/pace.ts";
import type { ProviderName, ProviderPost } from "../../src/simulate/simulation.ts";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";
import { generations, type Lane } from "./generations.ts";

/** A post with the state that its provider has of it. */
export interface Sent {
  source: ProviderName;
  post: ProviderPost;
  attempts: number;
  /** It was answered with 200, so the provider is done with it. */
  taken: boolean;
  /** The id in the answer. Null: there was no answer, or it was cut off. */
  receipt: string | null;
}

/** Simulated providers, over several connections. */
export interface Load {
  readonly sent: readonly Sent[];
  /** All happenings of the documents of the posts. */
  readonly happenings: readonly SimulatedHappening[];
  /** Answers that no genuine post should get, in a sentence each. */
  readonly surprises: readonly string[];
  /** The number of answers of each status; `none`: there was no answer. */
  readonly answers: ReadonlyMap<string, number>;
  /** Lets this many more posts begin. Retries need no permit. */
  allow(count: number): void;
  /** Begins no further post, and repeats those begun until they are taken or `signal` is aborted. */
  stop(signal: AbortSignal): Promise<void>;
}

export interface LoadOptions {
  chance: Chance;
  connections: number;
  /** Each attempt goes to any of these. */
  urls: readonly string[];
  /** Called at every 200, as soon as it is there. */
  onTaken(): void;
}

const ANSWER_TIMEOUT_MS = 30_000;
/** The shortest and the longest pause of a provider between two attempts. */
const PAUSE_MS = [40, 240] as const;
/** The number of lanes with posts to send at a time. */
const WINDOW = 48;
/** The share of posts that are given up after a first attempt that failed. */
const GIVEN_UP = 0.02;
/** Statuses that a provider may get while the bridge is killed or its store is unavailable. */
const EXPECTED = ["200", "503", "none"];

export function startLoad({ chance, connections, urls, onTaken }: LoadOptions): Load {
  const upcoming = generations(chance);
  const lanes: Lane[] = [];
  const happenings: SimulatedHappening[] = [];
  const sent: Sent[] = [];
  const surprises: string[] = [];
  const answers = new Map<string, number>();
  const permits = createSemaphore(0);
  const over = new AbortController();
  const underWay = new Set<Promise<void>>();
  let stopping = false;

  /** A lane that no other connection works on. */
  function takeLane(): Lane {
    while (lanes.length < WINDOW) {
      const generation = upcoming.next().value;
      lanes.push(...generation.lanes);
      happenings.push(...generation.happenings);
    }
    const [lane] = lanes.splice(chance.int(0, lanes.length - 1), 1);
    if (!lane) throw new Error("there is always a lane");
    return lane;
  }

  async function work(): Promise<void> {
    for (;;) {
      await permits.acquire();
      if (stopping) return;
      const progress = advance(takeLane());
      underWay.add(progress);
      await progress;
      underWay.delete(progress);
    }
  }

  /** Sends the first post of a lane. A post that is given up is the last one of its lane. */
  async function advance({ source, posts }: Lane): Promise<void> {
    const [post, ...rest] = posts;
    if (!post) return;
    const one: Sent = { source, post, attempts: 0, taken: false, receipt: null };
    sent.push(one);
    const done = await sendUntilTaken(one);
    if (done && rest.length > 0) lanes.push({ source, posts: rest });
  }

  /** False: it was given up. */
  async function sendUntilTaken(one: Sent): Promise<boolean> {
    const isForged = one.post.faults.includes("forge");
    while (!over.signal.aborted) {
      const status = await attempt(one);
      if (one.taken && isForged) surprises.push(`a forged post was taken for genuine: ${describe(one)}`);
      if (one.taken || isForged) return true;
      if (!EXPECTED.includes(status))
        surprises.push(`a genuine post was answered with ${status}: ${describe(one)}`);
      if (one.attempts === 1 && chance.happens(GIVEN_UP)) return false;
      await sleep(chance.int(...PAUSE_MS));
    }
    surprises.push(`a post was never taken, although the bridge was left alone: ${describe(one)}`);
    return false;
  }

  async function attempt(one: Sent): Promise<string> {
    one.attempts += 1;
    const url = chance.pick(urls as readonly [string, ...string[]]);
    const status = await send(url, one, onTaken);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    return status;
  }

  for (let n = 0; n < connections; n++) void work();
  return {
    sent,
    happenings,
    surprises,
    answers,
    allow(count) {
      for (let n = 0; n < count; n++) permits.release();
    },
    async stop(signal) {
      stopping = true;
      if (signal.aborted) over.abort();
      signal.addEventListener("abort", () => over.abort());
      await Promise.all(underWay);
    },
  };
}

/** The status of the answer, or `none`. A 200 counts as soon as its first line has arrived. */
async function send(url: string, one: Sent, onTaken: () => void): Promise<string> {
  const { source, post } = one;
  try {
    const answer = await fetch(`${url}/in/${source}/${post.channel}?${new URLSearchParams(post.query)}`, {
      method: "POST",
      headers: post.headers,
      body: post.body,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (answer.status === 200) {
      one.taken = true;
      onTaken();
      one.receipt = receiptIn(await answer.text());
    } else await answer.body?.cancel();
    return String(answer.status);
  } catch {
    return one.taken ? "200" : "none";
  }
}

function receiptIn(text: string): string | null {
  const { receipt } = JSON.parse(text);
  return typeof receipt === "string" ? receipt : null;
}

function describe({ source, post }: Sent): string {
  return `${post.id} to ${source}/${post.channel} about ${post.documents.join(", ")}`;
}
