import { RequestError } from "got";
import pRetry from "p-retry";
import type { Clock } from "../domain/clock.ts";
import type { Attempt, AttemptCause } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import type { Destination } from "./destination.ts";
import { encode } from "./encode.ts";
import { causeOf, codeOf, describeFailure } from "./failure.ts";
import { type Answer, createPost, type Outgoing, type Post } from "./post.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { sign } from "./sign.ts";

/**
 * Tries once to hand an event to a destination. Never rejects: whatever happens is an attempt. An aborted `signal` ends the try
 * at once with the cause `interrupted`.
 */
export type Deliver = (
  destination: Destination,
  event: Event,
  number: number,
  signal?: AbortSignal,
) => Promise<Attempt>;

/** `version` goes into the `user-agent`. Each destination has its own kept connections, at most as many as its `concurrency`. */
export function createDeliver({ clock, version }: { clock: Clock; version: string }): Deliver {
  const posts = new WeakMap<Destination, Post>();
  const postTo = (destination: Destination): Post => {
    const known = posts.get(destination);
    if (known) return known;
    const { url, concurrency: connections } = destination;
    const post = createPost({ url, connections, userAgent: `Countersign/${version}` });
    posts.set(destination, post);
    return post;
  };

  return async (destination, event, number, signal) => {
    const startedAt = clock.now();
    const limit = startLimit(clock, destination.timeout, signal);
    const result = await attempt(() =>
      postPastStaleConnection(postTo(destination), {
        ...prepare(destination, event, startedAt),
        signal: limit.signal,
      }),
    );
    limit.cancel();
    const endedAt = Math.max(clock.now(), startedAt);
    return { number, startedAt, duration: endedAt - startedAt, ...describe(result, endedAt, limit.signal) };
  };
}

/** What is signed is what is sent: both get the same buffer, and the header shows the timestamp that was signed. */
function prepare(destination: Destination, event: Event, now: number): Pick<Outgoing, "headers" | "body"> {
  const { body, contentType } = encode(event, destination);
  const timestamp = Math.floor(now / 1_000);
  const signature = sign({ id: event.id, timestamp, body, secrets: destination.secrets });
  const headers = {
    "content-type": contentType,
    "webhook-id": event.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signature,
  };
  return { headers, body };
}

/**
 * A peer may close a kept connection just as we use it. Then nothing was answered and nothing is wrong, so it is posted again
 * within the same try, over a new connection, since the other kept ones are likely to be closed as well.
 */
function postPastStaleConnection(post: Post, outgoing: Omit<Outgoing, "fresh">): Promise<Answer> {
  return pRetry((number) => post({ ...outgoing, fresh: number > 1 }), {
    retries: 1,
    minTimeout: 0,
    shouldRetry: ({ error }) => !outgoing.signal.aborted && isStaleConnection(error),
  });
}

function isStaleConnection(error: Error): boolean {
  if (!(error instanceof RequestError) || error.response) return false;
  return ["ECONNRESET", "EPIPE"].includes(codeOf(error)) && error.request?.reusedSocket === true;
}

/** The two ends that a try can be put to, and what to tell people of them. */
type Cut = "timeout" | "interrupted";
const CUT_SHORT: Readonly<Record<Cut, string>> = {
  timeout: "no whole answer in time",
  interrupted: "stopped before there was an answer",
};

/** One signal for both; its reason says which it was. */
function startLimit(clock: Clock, timeout: number, shutdown: AbortSignal | undefined) {
  const controller = new AbortController();
  const end = (cut: Cut) => controller.abort(cut);
  const interrupt = () => end("interrupted");
  const cancelTimer = clock.after(timeout, () => end("timeout"));
  if (shutdown?.aborted) interrupt();
  shutdown?.addEventListener("abort", interrupt);
  return {
    signal: controller.signal,
    cancel() {
      cancelTimer();
      shutdown?.removeEventListener("abort", interrupt);
    },
  };
}

type Result = { answer: Answer } | { error: unknown };
type Description = Pick<Attempt, "cause" | "status" | "answer" | "retryAfter">;

async function attempt(post: () => Promise<Answer>): Promise<Result> {
  try {
    return { answer: await post() };
  } catch (error) {
    return { error };
  }
}

/** An answer that was not whole when the try was cut is none, whatever its first line said. */
function describe(result: Result, endedAt: number, limit: AbortSignal): Description {
  if ("answer" in result) {
    const { status, text, retryAfter } = result.answer;
    return { cause: "answered", status, answer: text, retryAfter: parseRetryAfter(retryAfter, endedAt) };
  }
  const { error } = result;
  const cause: AttemptCause = limit.aborted ? limit.reason : causeOf(error);
  const text = limit.aborted ? CUT_SHORT[limit.reason as Cut] : describeFailure(error);
  return { cause, status: null, answer: text, retryAfter: null };
}
