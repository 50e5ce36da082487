import type Koa from "koa";
import { CountersignError, type ErrorCode, HTTP_STATUS, messageOf } from "../domain/errors.ts";
import { summarize } from "../domain/receipt.ts";
import type { Acceptance } from "./accept.ts";
import type { Answer } from "./answer.ts";
import { hasBody } from "./body.ts";
import { answerEarly } from "./early-answer.ts";
import { RETRY_AFTER_SECONDS, type TurnedAway } from "./intake.ts";

/** The ways to answer a request, each with its result for the log and the metrics. */

/** The result of one request. Never holds a body, a token or a URL. */
export interface RequestResult {
  outcome: "accepted" | "problem" | "challenge" | ErrorCode;
  acceptance: Acceptance | null;
  /** Why it was refused, failed, or could not be read wholly; null: it was not. */
  reason: string | null;
  /** The error where the fault is ours. */
  error: unknown;
}

/** Answers a recorded request: with the mapping's own answer, or with a summary of what was recorded. */
export function replyAccepted(
  context: Koa.Context,
  acceptance: Acceptance,
  answer: Answer | null,
): RequestResult {
  const { receipt, recorded, problems } = acceptance;
  const problem = summarize(problems);
  if (answer) send(context, answer);
  else {
    const [events, duplicates] = [recorded.events.length, recorded.duplicates.length];
    context.status = 200;
    // Like Koa's own JSON, without looking up the type of "json" at every request.
    context.set("content-type", JSON_TYPE);
    context.body = JSON.stringify({ receipt, events, duplicates, problem });
  }
  const outcome = problems.length > 0 ? "problem" : "accepted";
  return { outcome, acceptance, reason: problem, error: null };
}

export function replyChallenge(context: Koa.Context, answer: Answer): RequestResult {
  send(context, answer);
  return { outcome: "challenge", acceptance: null, reason: null, error: null };
}

function send(context: Koa.Context, { type, headers, body }: Answer): void {
  context.status = 200;
  // A browser must not guess at the type of values that are sent back.
  context.set("x-content-type-options", "nosniff");
  for (const [name, value] of headers) context.set(name, value);
  context.type = type;
  context.body = body;
}

const JSON_TYPE = "application/json; charset=utf-8";

/** After these the connection is closed, even where the body came whole. */
const CLOSING: ReadonlySet<ErrorCode> = new Set(["too_large", "overloaded", "request_timeout"]);

/**
 * Bytes that an overloaded bridge still reads. A sender of more may lose the answer, and has to repeat it
 * anyway.
 */
const MAX_OVERLOADED_DRAIN_BYTES = 256 * 1_024;

export function refuse(context: Koa.Context, { code, reason, headers = {} }: TurnedAway): RequestResult {
  const { req: request, res: response } = context;
  const text = JSON.stringify({ error: code, message: reason });
  if (hasBody(request) && !request.complete) {
    context.respond = false;
    answerEarly(request, response, {
      status: HTTP_STATUS[code],
      headers: { "content-type": JSON_TYPE, ...headers },
      text,
      ...(code === "overloaded" ? { maxDrain: MAX_OVERLOADED_DRAIN_BYTES } : {}),
    });
  } else {
    context.status = HTTP_STATUS[code];
    context.set({ "content-type": JSON_TYPE, ...headers });
    if (CLOSING.has(code)) context.set("connection", "close");
    context.body = text;
  }
  return { outcome: code, acceptance: null, reason, error: null };
}

/** Answers a request that failed by a fault of ours. */
export function fail(context: Koa.Context, error: unknown): RequestResult {
  const code = error instanceof CountersignError ? error.code : "internal";
  const isAway = code === "store_unavailable";
  const why = isAway
    ? "cannot be written down just now; please send it again"
    : "could not be handled; please send it again";
  const headers = isAway ? { "retry-after": RETRY_AFTER_SECONDS } : {};
  const refused = refuse(context, { code, reason: `the request ${why}`, headers });
  return { ...refused, reason: messageOf(error), error };
}
