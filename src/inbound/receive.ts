import type { IncomingMessage } from "node:http";
import Koa from "koa";
import type { SpanIds } from "../domain/traceparent.ts";
import type { Accept } from "./accept.ts";
import { fillAnswer } from "./answer.ts";
import { answerChallenge } from "./challenge.ts";
import { type Channel, channelAt } from "./channel.ts";
import type { Intake, TurnedAway } from "./intake.ts";
import { openRequest } from "./open-request.ts";
import { fail, type RequestResult, refuse, replyAccepted, replyChallenge } from "./reply.ts";
import type { OpenedRequest, RawRequest, RequestHead } from "./request.ts";
import { createTargetReader, type Route } from "./route.ts";
import type { Tarpit } from "./tarpit.ts";
import { type RequestTrace, type RequestTracer, UNTRACED } from "./trace.ts";

/** The outcome of one request, for the log and the metrics. */
export interface IngressOutcome extends RequestResult {
  source: string;
  channel: string;
  /** Milliseconds from the first byte to the answer. */
  duration: number;
  /** Absent: nothing is traced. */
  trace?: SpanIds | undefined;
}

/** The way in of one configuration. */
export interface Configured {
  channels: readonly Channel[];
  take: Intake;
  accept: Accept;
}

export interface ReceiveParts {
  /** The current configuration. */
  current(): Configured;
  /** Stands before `/in`, such as `/esign`; may be empty. */
  basePath: string;
  /** Delays answers to forgers when there are many of them. */
  tarpit: Tarpit;
  tracer: RequestTracer;
  /** Milliseconds since 1970. */
  now(): number;
  observe(outcome: IngressOutcome): void;
}

/**
 * The listener that providers post to: `POST /in/<source>/<channel>`, with a token as `?token=` or as one
 * more segment. A genuine request is answered with exactly 200 once it is on disk; no request gets another
 * 2xx or a 3xx. Other methods are for challenges, where a channel's mapping has them.
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
    const trace = channel ? begin(context, head, parts) : UNTRACED;
    const result =
      (channel && (await receive(context, channel, head, { ...parts, trace }))) ?? refuse(context, unknown);
    trace.end({ outcome: result.outcome, receipt: result.acceptance?.receipt });
    parts.observe({
      source: channel?.source ?? "unknown",
      channel: channel?.name ?? "unknown",
      duration: parts.now() - startedAt,
      ...result,
      ...(trace.ids && { trace: trace.ids }),
    });
    if (result.outcome === "bad_signature") await parts.tarpit.delay();
  });
  return app;
}

/** Shared, since most requests have no query and making one is not cheap. */
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

function begin(
  { method }: Koa.Context,
  { source, channel, headers }: RequestHead,
  { tracer, basePath }: ReceiveParts,
): RequestTrace {
  return tracer.request({ source, channel, method, basePath, headers });
}

type Traced = Pick<ReceiveParts, "current"> & { trace: RequestTrace };

/** Null: the channel is no longer configured. */
async function receive(
  context: Koa.Context,
  channel: Channel,
  head: RequestHead,
  { current, trace }: Traced,
): Promise<RequestResult | null> {
  if (context.method !== "POST") {
    const request = openRequest({ ...head, body: new Uint8Array() }, channel.rules.read);
    return challenge(context, request, channel) ?? notAllowed(context, channel);
  }
  try {
    const taken = await current().take({ request: context.req, response: context.res }, head, channel);
    if ("code" in taken) return refuse(context, taken);
    try {
      return await receiveWhole(context, taken.request, { current, trace });
    } finally {
      taken.release();
    }
  } catch (error) {
    return fail(context, error);
  }
}

/**
 * A reload may have come while the body did, so the current configuration counts. Null: the channel is gone.
 */
async function receiveWhole(
  context: Koa.Context,
  raw: RawRequest,
  { current, trace }: Traced,
): Promise<RequestResult | null> {
  const { channels, accept } = current();
  const channel = channelAt(channels, raw);
  if (!channel) return null;
  const request = openRequest(raw, channel.rules.read);
  const challenged = challenge(context, request, channel);
  if (challenged) return challenged;
  const accepted = await accept(request, channel, trace);
  if ("refused" in accepted) {
    const { code = "bad_signature", refused } = accepted;
    return refuse(context, { code, reason: refused });
  }
  const { checks, rules } = channel;
  const answer = rules.answer && fillAnswer(rules.answer, request, channel, () => checks.length > 0);
  return replyAccepted(context, accepted, answer);
}

/** Answers a challenge, by which a provider asks whether the address is ours; null: the request is none. */
function challenge(context: Koa.Context, request: OpenedRequest, channel: Channel): RequestResult | null {
  const answered = answerChallenge(context.method, request, channel);
  if (answered === null) return null;
  if ("refused" in answered) return refuse(context, { code: "bad_signature", reason: answered.refused });
  return replyChallenge(context, answered);
}

function notAllowed(context: Koa.Context, { rules }: Channel): RequestResult {
  const methods = ["POST", ...rules.challenges.flatMap((one) => one.methods)];
  const allow = [...new Set(methods)].join(", ");
  return refuse(context, { code: "method_not_allowed", reason: "webhooks are posted", headers: { allow } });
}

/**
 * Repeated headers are joined as RFC 9110 allows. From the raw list: Node's `headersDistinct` costs ten times
 * as much.
 */
function plainHeaders({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [String(rawHeaders[i]).toLowerCase(), String(rawHeaders[i + 1])];
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}
