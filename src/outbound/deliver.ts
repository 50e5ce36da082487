import type { LookupFunction } from "node:net";
import { RequestError } from "got";
import pRetry from "p-retry";
import type { Clock } from "../domain/clock.ts";
import type { Attempt, AttemptCause } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import { concealCredentials } from "./conceal.ts";
import type { Destination } from "./destination.ts";
import { causeOf, codeOf, describeFailure } from "./failure.ts";
import { FORMATS } from "./format.ts";
import { type Answer, createPost, type Outgoing, type Post } from "./post.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { type BodySignature, type Secret, sign, signBody } from "./sign.ts";

/**
 * Tries once to hand an event to a destination. Never rejects: whatever happens is an attempt. An aborted `signal` ends the try
 * at once with the cause `interrupted`.
 */
export type Deliver = (
  destination: Destination,
  event: Event,
  number: number,
  options?: DeliverOptions,
) => Promise<Attempt>;

export interface DeliverOptions {
  /** Ends the try when it is aborted. */
  signal?: AbortSignal;
  /** A person had it sent again: the receiver is told so. */
  replayed?: boolean;
}

/**
 * `version` goes into the `user-agent`; `lookup` stands in for the system's resolver. Each destination has its own kept
 * connections, at most as many as its `concurrency`.
 */
export function createDeliver({ clock, version, lookup }: DeliverParts): Deliver {
  const routes = new WeakMap<Destination, Route>();
  const routeTo = (destination: Destination): Route => {
    const known = routes.get(destination);
    if (known) return known;
    const route = createRoute(destination, { version, lookup });
    routes.set(destination, route);
    return route;
  };

  return async (destination, event, number, { signal, replayed = false } = {}) => {
    const startedAt = clock.now();
    const limit = startLimit(clock, destination.timeout, signal);
    const result = await attempt(() => {
      const { post, prepare } = routeTo(destination);
      return postPastStaleConnection(post, { ...prepare(event, startedAt, replayed), signal: limit.signal });
    });
    limit.cancel();
    const endedAt = Math.max(clock.now(), startedAt);
    const { answer, ...outcome } = describe(result, endedAt, limit.signal);
    return {
      ...{ number, startedAt, duration: endedAt - startedAt, ...outcome },
      answer: concealCredentials(answer, destination.headers),
    };
  };
}

interface DeliverParts {
  clock: Clock;
  version: string;
  lookup?: LookupFunction;
}

/** All that is the same for every delivery to a destination, made once. */
interface Route {
  post: Post;
  prepare(event: Event, now: number, replayed: boolean): Pick<Outgoing, "headers" | "body">;
}

function createRoute(
  destination: Destination,
  { version, lookup }: { version: string; lookup: LookupFunction | undefined },
): Route {
  const { url, concurrency: connections, tls, network, secrets, alsoSign, typePrefix } = destination;
  const { encode, ownSignature } = FORMATS[destination.format];
  const [first] = secrets;
  const own = first && ownSignature?.(first);
  const seals = { secrets, bodySignatures: [own, alsoSign].filter((one) => one != null) };
  const headers = { ...destination.headers, "user-agent": `Countersign/${version}` };
  return {
    post: createPost({ url, headers, connections, tls, network, lookup }),
    prepare(event, now, replayed) {
      const encoded = encode(event, { typePrefix });
      const signed = seal(encoded.body, event.id, now, seals);
      const told = { ...encoded.headers, "content-type": encoded.contentType, ...signed };
      return { headers: replayed ? { ...told, ...REPLAY } : told, body: encoded.body };
    },
  };
}

const REPLAY = { "countersign-replay": "1" } as const;

interface Seals {
  secrets: readonly Secret[];
  bodySignatures: readonly BodySignature[];
}

/** The headers that prove a body ours. What is signed is what is sent, and the header shows the timestamp that was signed. */
function seal(body: Buffer, id: string, now: number, { secrets, bodySignatures }: Seals) {
  const timestamp = Math.floor(now / 1_000);
  const headers: Record<string, string> = {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": sign({ id, timestamp, body, secrets }),
  };
  for (const signature of bodySignatures) headers[signature.header] = signBody(signature, body);
  return headers;
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
