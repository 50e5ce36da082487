import type { AnswerRule, CopyRule } from "../mapping/answer.ts";
import { bytesAt } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import type { OpenedRequest } from "./request.ts";

/** An answer, ready to be sent. */
export interface Answer {
  type: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string;
  /** Copies that are left out, since their value may not be sent back or is not there. */
  missing: readonly CopyRule[];
}

/** The only values that are sent back: without line ends, which could begin a header, and short. */
const ECHOED = /^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/;

/**
 * The answer that a mapping asks for. A value of the request is sent back only if the configuration allows
 * that value or, where the rule says so, if `isVerified`: all checks of the channel have passed.
 */
export function fillAnswer(
  rule: AnswerRule,
  request: OpenedRequest,
  channel: Channel,
  isVerified: () => boolean,
): Answer {
  const missing: CopyRule[] = [];
  const fill = <Fixed>(value: Fixed | CopyRule): Fixed | string | null => {
    if (!isCopy(value)) return value;
    const copy = copyOf(value, request, channel, isVerified);
    if (copy === null) missing.push(value);
    return copy;
  };
  const headers = (rule.headers ?? []).flatMap(([name, value]) => {
    const text = fill(value);
    return text === null ? [] : [[name, text] as const];
  });
  const body = isJson(rule.body)
    ? JSON.stringify(
        Object.fromEntries(rule.body.json.map(([name, value]) => [name, fill(value) ?? undefined])),
      )
    : (fill(rule.body) ?? "");
  return { type: rule.type, headers, body, missing };
}

function copyOf(
  { place, verified }: CopyRule,
  request: OpenedRequest,
  { allowed = [] }: Channel,
  isVerified: () => boolean,
): string | null {
  const [bytes, ...more] = bytesAt(request, place);
  if (bytes === undefined || more.length > 0) return null;
  const text = Buffer.from(bytes).toString("latin1");
  if (!ECHOED.test(text)) return null;
  return (verified ? isVerified() : allowed.includes(text)) ? text : null;
}

function isCopy(value: unknown): value is CopyRule {
  return typeof value === "object" && value !== null && "place" in value;
}

function isJson(body: AnswerRule["body"]): body is Extract<AnswerRule["body"], { json: unknown }> {
  return typeof body === "object" && "json" in body;
}
