import type { IncomingMessage } from "node:http";
import Router from "@koa/router";
import Koa from "koa";
import { CountersignError, type ErrorCode, HTTP_STATUS } from "../domain/errors.ts";
import { summarize } from "../domain/receipt.ts";
import type { Accept, Acceptance } from "./accept.ts";
import { type Answer, fillAnswer } from "./answer.ts";
import { answerChallenge } from "./challenge.ts";
import { type Channel, channelAt } from "./channel.ts";
import type { RawRequest } from "./request.ts";

/** What came of one request, for the log and the metrics. Never holds a body, a token or a URL. */
export interface Reception {
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
  accept: Accept;
}

export interface ReceiveParts {
  /** What is configured at this moment. */
  current(): Configured;
  /** Bytes. */
  maxBody: number;
  /** Milliseconds since 1970. */
  now(): number;
  observe(reception: Reception): void;
}

/** How long a provider is asked to wait when the store cannot write, in seconds. */
const RETRY_AFTER = 10;

/**
 * The listener that providers post to: `POST /in/<source>/<channel>`, a token as `?token=` or as one more segment. A genuine
 * request is answered with exactly 200 once it is on disk; nothing here is ever answered with another 2xx or a 3xx. Other methods are for
 * challenges, where a channel's mapping has them.
 */
export function createReceiver(parts: ReceiveParts): Koa {
  const router = new Router();
  router.all("/in/:source/:channel{/:token}", async (context) => {
    const { source = "", channel: name = "", token = null } = context.params;
    const startedAt = parts.now();
    const channel = channelAt(parts.current().channels, { source, channel: name });
    const reception = await receive(context, channel, token, parts);
    parts.observe({
      source: channel?.source ?? "unknown",
      channel: channel?.name ?? "unknown",
      duration: parts.now() - startedAt,
      ...reception,
    });
  });

  const app = new Koa();
  app.silent = true;
  app.use(async (context, next) => {
    try {
      await next();
    } catch {
      // A path that does not decode matches no route.
    }
    if (context.body === undefined)
      refuse(context, "not_found", "there is nothing at this path: webhooks go to /in/<source>/<channel>");
  });
  app.use(router.routes());
  return app;
}

/** Most requests have none, and one is not cheap to make. */
const NO_QUERY = new URLSearchParams();

const UNKNOWN_CHANNEL = "no such source or channel is configured";

type Received = Pick<Reception, "outcome" | "acceptance" | "reason" | "error">;

async function receive(
  context: Koa.Context,
  channel: Channel | undefined,
  pathToken: string | null,
  { current, maxBody, now }: ReceiveParts,
): Promise<Received> {
  if (!channel) return refuse(context, "not_found", UNKNOWN_CHANNEL);
  const toRequest = (body: Uint8Array, receivedAt: number): RawRequest => ({
    source: channel.source,
    channel: channel.name,
    query: context.querystring === "" ? NO_QUERY : new URLSearchParams(context.querystring),
    pathToken,
    headers: plainHeaders(context.req),
    body,
    receivedAt,
  });
  if (context.method !== "POST") {
    return challenge(context, toRequest(new Uint8Array(), now()), channel) ?? notAllowed(context, channel);
  }
  try {
    const receivedAt = now();
    const request = toRequest(await readBody(context.req, maxBody), receivedAt);
    // A reload may have come while the body did: what counts is what is configured now.
    const { channels, accept } = current();
    const present = channelAt(channels, request);
    if (!present) return refuse(context, "not_found", UNKNOWN_CHANNEL);
    const challenged = challenge(context, request, present);
    if (challenged) return challenged;
    const accepted = await accept(request, present);
    if ("refused" in accepted) return refuse(context, accepted.code ?? "bad_signature", accepted.refused);
    answer(context, request, present, accepted);
    const outcome = accepted.problems.length > 0 ? "problem" : "accepted";
    return { outcome, acceptance: accepted, reason: summarize(accepted.problems), error: null };
  } catch (error) {
    return fail(context, error);
  }
}

/** Answers a request by which the provider asks whether the address is ours; null: it is none. */
function challenge(context: Koa.Context, request: RawRequest, channel: Channel): Received | null {
  const answered = answerChallenge(context.method, request, channel);
  if (answered === null) return null;
  if ("refused" in answered) return refuse(context, "bad_signature", answered.refused);
  send(context, answered);
  return { outcome: "challenge", acceptance: null, reason: null, error: null };
}

function notAllowed(context: Koa.Context, { rules }: Channel): Received {
  const methods = ["POST", ...rules.challenges.flatMap((one) => one.methods)];
  context.set("allow", [...new Set(methods)].join(", "));
  return refuse(context, "method_not_allowed", "webhooks are posted");
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

/** What Koa would make of the object itself, without looking up the type of "json" at every request. */
function answerJson(context: Koa.Context, value: object): void {
  context.set("content-type", "application/json; charset=utf-8");
  context.body = JSON.stringify(value);
}

function refuse(context: Koa.Context, code: ErrorCode, message: string): Received {
  context.status = HTTP_STATUS[code];
  answerJson(context, { error: code, message });
  return { outcome: code, acceptance: null, reason: message, error: null };
}

function fail(context: Koa.Context, error: unknown): Received {
  const code = error instanceof CountersignError ? error.code : "internal";
  if (code === "too_large") {
    // What is still coming is not read, so the connection cannot be used again.
    context.set("connection", "close");
    return refuse(context, code, messageOfFault(error));
  }
  if (code === "bad_request") return refuse(context, code, messageOfFault(error));
  if (code === "store_unavailable") context.set("retry-after", String(RETRY_AFTER));
  const told =
    code === "store_unavailable"
      ? "cannot be written down just now; please send it again"
      : "could not be handled; please send it again";
  return { ...refuse(context, code, `the request ${told}`), reason: messageOfFault(error), error };
}

function messageOfFault(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The bytes of the body, whether their number was announced or not.
 *
 * @throws CountersignError `too_large` beyond `limit`, as soon as that is known; `bad_request` when the sender gave up.
 */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new CountersignError("too_large", `the body is longer than ${limit} bytes`);
  if (Number(request.headers["content-length"] ?? 0) > limit) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= limit) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on("error", (error) =>
      reject(new CountersignError("bad_request", "the body did not come to its end", { cause: error })),
    );
    request.on("aborted", () =>
      reject(new CountersignError("bad_request", "the body did not come to its end")),
    );
  });
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
