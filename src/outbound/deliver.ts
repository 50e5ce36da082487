import { lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Clock } from "../domain/clock.ts";
import type { TextHeaders } from "../domain/conversation.ts";
import type { Attempt } from "../domain/delivery.ts";
import { messageOf } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { batchId } from "../domain/identity.ts";
import { concealAnswerHeaders, concealCredentials, concealRequestHeaders } from "./conceal.ts";
import type { Destination } from "./destination.ts";
import { causeOf, describeFailure, EncodingError, PostError, TokenError } from "./failure.ts";
import { FORMATS } from "./format.ts";
import type { Answer, HeaderWitness, Outgoing } from "./post.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { createSend, type Send } from "./send.ts";
import { sharedLookup } from "./shared-lookup.ts";
import { type BodySignature, type Secret, sign, signBody } from "./sign.ts";
import type { AttemptTrace } from "./trace.ts";

/**
 * Posts an event to a destination once. Never rejects: every failure is an attempt with its cause. An aborted
 * `signal` ends the attempt at once (`interrupted`). An event that cannot be encoded or signed is not sent
 * (`unencodable`).
 */
export type Deliver = (
  destination: Destination,
  event: Event,
  number: number,
  options?: DeliverOptions,
) => Promise<Attempt>;

export interface DeliverOptions {
  /** Aborted: the attempt ends. */
  signal?: AbortSignal;
  /** An operator had the delivery sent again; a header says so to the receiver. */
  replayed?: boolean;
  /** Events that go in the same post, after the first; only to a destination whose format has batches. */
  followers?: readonly Event[];
  /** The event's creation context, which goes into its CloudEvent; absent: none. */
  traceparent?: string | undefined;
  /** Follows the attempt. */
  trace?: Pick<AttemptTrace, "start"> | undefined;
  /** Absent: nobody looks. */
  witness?: Witness | undefined;
}

/** Is told what goes out and comes in, for a person who tries a destination. Credentials are not told. */
export interface Witness {
  sent(headers: TextHeaders, body: Buffer): void;
  /** Also of an answer that does not come to its end. */
  answered(headers: TextHeaders): void;
}

/**
 * `version` is part of the `user-agent`; `lookup` replaces the system's resolver. Each destination has its
 * own keep-alive connections, at most as many as its `concurrency`.
 */
export function createDeliver({ clock, version, lookup: resolve = systemLookup }: DeliverParts): Deliver {
  const lookup = sharedLookup(resolve);
  const known = new WeakMap<Destination, PreparedDestination>();
  const prepared = (destination: Destination): PreparedDestination => {
    const found = known.get(destination);
    if (found) return found;
    const made = prepareDestination(destination, { version, lookup, clock });
    known.set(destination, made);
    return made;
  };

  return async (destination, event, number, { signal, trace, followers = [], witness, ...options } = {}) => {
    const startedAt = clock.now();
    const limit = startLimit(clock, destination.timeout, signal);
    const used: string[] = [];
    const result = await attempt(() => {
      const { send, encodeAndSign } = prepared(destination);
      const { headers, body } = encoding(() => encodeAndSign([event, ...followers], startedAt, options));
      const traced = trace ? { ...headers, ...trace.start(startedAt) } : headers;
      const watched = witness && headerWitness(witness, body, destination.headers, used);
      return send({ headers: traced, body, signal: limit.signal, witness: watched }, used);
    });
    limit.cancel();
    const endedAt = Math.max(clock.now(), startedAt);
    const { answer, ...outcome } = describe(result, endedAt, limit.signal);
    return {
      ...{ number, startedAt, duration: endedAt - startedAt, ...outcome },
      answer: concealCredentials(answer, destination.headers, used),
    };
  };
}

/** `used`: access tokens, as they are sent. */
function headerWitness(
  witness: Witness,
  body: Buffer,
  own: Destination["headers"],
  used: readonly string[],
): HeaderWitness {
  return {
    sent: (headers) => witness.sent(concealRequestHeaders(headers, own), body),
    answered: (headers) => witness.answered(concealAnswerHeaders(headers, own, used)),
  };
}

interface DeliverParts {
  clock: Clock;
  version: string;
  lookup?: LookupFunction;
}

type Events = readonly [Event, ...Event[]];
type EventOptions = Pick<DeliverOptions, "replayed" | "traceparent">;

/** What all deliveries to a destination share, made once. */
interface PreparedDestination {
  send: Send;
  encodeAndSign(events: Events, now: number, options: EventOptions): Pick<Outgoing, "headers" | "body">;
}

function prepareDestination(
  destination: Destination,
  { version, lookup, clock }: Required<DeliverParts>,
): PreparedDestination {
  const { url, concurrency: connections, tls, network, proxy, timeout, oauth2 } = destination;
  const headers = { ...destination.headers, "user-agent": `Countersign/${version}` };
  const endpoint = { url, headers, connections, tls, network, lookup, proxy, timeout };
  return {
    send: createSend({ endpoint, oauth2, clock, version }),
    encodeAndSign: createEncodeAndSign(destination),
  };
}

/**
 * Makes the body of an event for a destination and the headers that belong to it. The same event at the same
 * second gives the same; the destination's own headers, which may hold credentials, are not among them.
 *
 * @throws whatever the format or a key throws: the event cannot be sent.
 */
export function createEncodeAndSign(destination: Destination): PreparedDestination["encodeAndSign"] {
  const { secrets, alsoSign, typePrefix, recipients = [] } = destination;
  const { encode, encodeBatch, ownSignature } = FORMATS[destination.format];
  const [newest] = secrets;
  const own = newest && ownSignature?.(newest);
  const keys = { secrets, bodySignatures: [own, alsoSign].filter((one) => one != null) };
  const forcedType = destination.contentType && `${destination.contentType}; charset=utf-8`;
  return (events, now, { replayed = false, traceparent }) => {
    const [event, ...more] = events;
    const isOne = more.length === 0 || !encodeBatch;
    const encoded = isOne ? encode(event, { typePrefix, traceparent, recipients }) : encodeBatch(events);
    const id = isOne ? event.id : batchId(events.map((one) => one.id));
    const signed = signatureHeaders(encoded.body, id, now, keys);
    const contentType = forcedType ?? encoded.contentType;
    const headers = { ...encoded.headers, "content-type": contentType, ...signed };
    return { headers: replayed ? { ...headers, ...REPLAY } : headers, body: encoded.body };
  };
}

const REPLAY = { "countersign-replay": "1" } as const;

interface SigningKeys {
  secrets: readonly Secret[];
  bodySignatures: readonly BodySignature[];
}

/**
 * The headers that prove a body's origin: its signatures, and the id and timestamp that were signed with it.
 */
function signatureHeaders(body: Buffer, id: string, now: number, { secrets, bodySignatures }: SigningKeys) {
  const timestamp = Math.floor(now / 1_000);
  const headers: Record<string, string> = {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
  };
  if (secrets.length > 0) headers["webhook-signature"] = sign({ id, timestamp, body, secrets });
  for (const signature of bodySignatures) headers[signature.header] = signBody(signature, body);
  return headers;
}

/** Why an attempt ended without a whole answer, and the text for people. */
type Abort = "timeout" | "interrupted";
const ABORT_TEXTS: Readonly<Record<Abort, string>> = {
  timeout: "no whole answer in time",
  interrupted: "stopped before there was an answer",
};

/** One signal for the timeout and the shutdown; its reason is an `Abort`. */
function startLimit(clock: Clock, timeout: number, shutdown: AbortSignal | undefined) {
  const controller = new AbortController();
  const end = (why: Abort) => controller.abort(why);
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

function encoding<T>(prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    throw new EncodingError(messageOf(error), { cause: error });
  }
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

/**
 * An incomplete answer is no answer, whatever its status: some servers send 200 before they have done their
 * work. The status is recorded, so that a person sees that the receiver may have accepted the event.
 */
function describe(result: Result, endedAt: number, limit: AbortSignal): Description {
  if ("answer" in result) {
    const { status, text, retryAfter } = result.answer;
    return { cause: "answered", status, answer: text, retryAfter: parseRetryAfter(retryAfter, endedAt) };
  }
  const { error } = result;
  // The time ran out while the attempt waited for a token: nothing was sent, and the destination is not slow.
  const abort = limit.aborted && !(limit.reason === "timeout" && error instanceof TokenError);
  const cause = abort ? (limit.reason as Abort) : causeOf(error);
  const text = abort ? ABORT_TEXTS[limit.reason as Abort] : describeFailure(error);
  const retryAfter = error instanceof TokenError ? error.retryAfter : null;
  return { cause, status: begunStatus(error), answer: text, retryAfter };
}

/** The status of an incomplete answer; null: no answer had begun. */
function begunStatus(error: unknown): number | null {
  return error instanceof PostError ? error.status : null;
}
