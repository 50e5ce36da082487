import type { IncomingMessage } from "node:http";
import Koa from "koa";
import { CountersignError, type ErrorCode, HTTP_STATUS, messageOf } from "../domain/errors.ts";
import { summarize } from "../domain/receipt.ts";
import type { Accept, Acceptance } from "./accept.ts";
import { type Answer, fillAnswer } from "./answer.ts";
import { hasBody } from "./body.ts";
import { answerChallenge } from "./challenge.ts";
import { type Channel, channelAt } from "./channel.ts";
import { answerEarly } from "./early-answer.ts";
import { type Intake, RETRY_AFTER, type TurnedAway } from "./intake.ts";
import type { RawRequest, RequestHead } from "./request.ts";
import { createTargetReader, type Route } from "./route.ts";
import type { Calm } from "./tarpit.ts";

/** What came of one request, for the log and the metrics. Never holds a body, a token or a URL. */
export interface IngressOutcome {
  source: string;
  channel: string;
  outcome: "accepted" | "problem" | "challenge" | ErrorCode;
  /** Milliseconds from the first byte to the answer. */
  duration: number;
  acceptance: Acceptance | null;
  /** Why not, where it was refused or failed. */
  reason: string | null;
  /** What was thrown, where the fault is ours. */
  error: unknown;
}

/** What the configuration says of the way in. */
export interface Configured {
  channels: readonly Channel[];
  take: Intake;
  accept: Accept;
}

export interface ReceiveParts {
  /** What is configured at this moment. */
  current(): Configured;
  /** Stands before `/in`, such as `/esign`; may be empty. */
  basePath: string;
  /** Lets forgers wait when there are many of them. */
  calm: Calm;
  /** Milliseconds since 1970. */
  now(): number;
  observe(reception: IngressOutcome): void;
}

/**
 * The listener that providers post to: `POST /in/<source>/<channel>`, a token as `?token=` or as one more segment. A genuine
 * request is answered with exactly 200 once it is on disk; nothing here is ever answered with another 2xx or a 3xx. Other methods are for
 * challenges, where a channel's mapping has them.
 */
export function createReceiver(parts: ReceiveParts): Koa {
  const ways = `webhooks go to ${parts.basePath}/in/<source>/<channel>`;
  const unknown: TurnedAway = {
    code: "not_found",
    reason: `no such source or channel is configured: ${ways}, names as they are configured`,
  };
  const readTarget = createTargetReader(parts.basePath);
  const app = new Koa();
  app.silent = true;
  app.use(async (context) => {
    const { route, query } = readTarget(context.req.url ?? "");
    if (!route) {
      refuse(context, { code: "not_found", reason: `there is nothing at this path: ${ways}` });
      return;
    }
    const startedAt = parts.now();
    const head = headOf(context, { route, query, receivedAt: startedAt });
    const channel = channelAt(parts.current().channels, head);
    const reception = (channel && (await receive(context, channel, head, parts))) ?? refuse(context, unknown);
    parts.observe({
      source: channel?.source ?? "unknown",
      channel: channel?.name ?? "unknown",
      duration: parts.now() - startedAt,
      ...reception,
    });
    if (reception.outcome === "bad_signature") await parts.calm.turn();
  });
  return app;
}

/** Most requests have none, and one is not cheap to make. */
const NO_QUERY = new URLSearchParams();

function headOf(
  context: Koa.Context,
  { route, query, receivedAt }: { route: Route; query: string; receivedAt: number },
): RequestHead {
  return {
    source: route.source,
    channel: route.channel,
    query: query === "" ? NO_QUERY : new URLSearchParams(query),
    pathToken: route.token,
    headers: plainHeaders(context.req),
    receivedAt,
  };
}

type Received = Pick<IngressOutcome, "outcome" | "acceptance" | "reason" | "error">;

/** Null: the channel is no longer configured. */
async function receive(
  context: Koa.Context,
  channel: Channel,
  head: RequestHead,
  { current }: ReceiveParts,
): Promise<Received | null> {
  if (context.method !== "POST") {
    const request = { ...head, body: new Uint8Array() };
    return challenge(context, request, channel) ?? notAllowed(context, channel);
  }
  try {
    const taken = await current().take({ request: context.req, response: context.res }, head, channel);
    if ("code" in taken) return refuse(context, taken);
    try {
      return await receiveWhole(context, taken.request, current());
    } finally {
      taken.release();
    }
  } catch (error) {
    return fail(context, error);
  }
}

/** A reload may have come while the body did: what counts is what is configured now. Null: the channel no longer is. */
async function receiveWhole(
  context: Koa.Context,
  request: RawRequest,
  { channels, accept }: Configured,
): Promise<Received | null> {
  const channel = channelAt(channels, request);
  if (!channel) return null;
  const challenged = challenge(context, request, channel);
  if (challenged) return challenged;
  const accepted = await accept(request, channel);
  if ("refused" in accepted) {
    const { code = "bad_signature", refused } = accepted;
    return refuse(context, { code, reason: refused });
  }
  answer(context, request, channel, accepted);
  const outcome = accepted.problems.length > 0 ? "problem" : "accepted";
  return { outcome, acceptance: accepted, reason: summarize(accepted.problems), error: null };
}

/** Answers a request by which the provider asks whether the address is ours; null: it is none. */
function challenge(context: Koa.Context, request: RawRequest, channel: Channel): Received | null {
  const answered = answerChallenge(context.method, request, channel);
  if (answered === null) return null;
  if ("refused" in answered) return refuse(context, { code: "bad_signature", reason: answered.refused });
  send(context, answered);
  return { outcome: "challenge", acceptance: null, reason: null, error: null };
}

function notAllowed(context: Koa.Context, { rules }: Channel): Received {
  const methods = ["POST", ...rules.challenges.flatMap((one) => one.methods)];
  const allow = [...new Set(methods)].join(", ");
  return refuse(context, { code: "method_not_allowed", reason: "webhooks are posted", headers: { allow } });
}

/** The mapping's own reply where the provider asks for one, else what was made of the request. */
function answer(
  context: Koa.Context,
  request: RawRequest,
  channel: Channel,
  { receipt, recorded, problems }: Acceptance,
): void {
  const { checks, rules } = channel;
  if (rules.answer) {
    send(
      context,
      fillAnswer(rules.answer, request, channel, () => checks.length > 0),
    );
    return;
  }
  context.status = 200;
  answerJson(context, {
    receipt,
    events: recorded.events.length,
    duplicates: recorded.duplicates.length,
    problem: summarize(problems),
  });
}

/** What is sent back is never for a browser to guess at. */
function send(context: Koa.Context, { type, headers, body }: Answer): void {
  context.status = 200;
  context.set("x-content-type-options", "nosniff");
  for (const [name, value] of headers) context.set(name, value);
  context.type = type;
  context.body = body;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** What Koa would make of the object itself, without looking up the type of "json" at every request. */
function answerJson(context: Koa.Context, value: object): void {
  context.set("content-type", JSON_TYPE);
  context.body = JSON.stringify(value);
}

/** After these the connection is closed, even where the body came whole. */
const CLOSING: ReadonlySet<ErrorCode> = new Set(["too_large", "overloaded", "request_timeout"]);

/** Where there is too much already, little more is read; who sends on loses the answer, and has to come again in any case. */
const OVERLOADED_DRAIN_BYTES = 256 * 1_024;

function refuse(context: Koa.Context, { code, reason, headers = {} }: TurnedAway): Received {
  const { req: request, res: response } = context;
  const text = JSON.stringify({ error: code, message: reason });
  if (hasBody(request) && !request.complete) {
    context.respond = false;
    answerEarly(request, response, {
      status: HTTP_STATUS[code],
      headers: { "content-type": JSON_TYPE, ...headers },
      text,
      ...(code === "overloaded" ? { maxDrain: OVERLOADED_DRAIN_BYTES } : {}),
    });
  } else {
    context.status = HTTP_STATUS[code];
    context.set({ "content-type": JSON_TYPE, ...headers });
    if (CLOSING.has(code)) context.set("connection", "close");
    context.body = text;
  }
  return { outcome: code, acceptance: null, reason, error: null };
}

function fail(context: Koa.Context, error: unknown): Received {
  const code = error instanceof CountersignError ? error.code : "internal";
  const away = code === "store_unavailable";
  const told = away
    ? "cannot be written down just now; please send it again"
    : "could not be handled; please send it again";
  const headers = away ? { "retry-after": RETRY_AFTER } : {};
  const refused = refuse(context, { code, reason: `the request ${told}`, headers });
  return { ...refused, reason: messageOf(error), error };
}

/** One text a header; a repeated one joined as RFC 9110 allows. Read from the raw list: Node's `headersDistinct` costs ten times as much. */
function plainHeaders({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])];
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
