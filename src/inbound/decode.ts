import type { Problem } from "../domain/receipt.ts";
import type { ReadRule } from "../mapping/compile.ts";
import { valueAt } from "../mapping/path.ts";
import { formatPlace } from "../mapping/place.ts";
import type { Channel } from "./channel.ts";
import { MOST_FIELDS, toPayload } from "./form.ts";
import { formOf, textAt } from "./place.ts";
import type { VerifiedRequest } from "./request.ts";

/** The items of a request, each to become events; none together with the problem when there is no payload to be found. */
export interface Decoded {
  items: readonly unknown[];
  problems: readonly Problem[];
}

/** Finds the payload and its items. Never throws, whatever the bytes; an empty place is an empty list where a list is expected. */
export function decode(request: VerifiedRequest, { rules: { read } }: Pick<Channel, "rules">): Decoded {
  const payload = read.as === "form" ? readForm(request) : readJson(request, read);
  if ("problem" in payload) return { items: [], problems: [payload.problem] };
  return itemsOf(parseMembers(payload.value, read.parse), read);
}

type Payload = { value: unknown } | { problem: Problem };

function readJson(request: VerifiedRequest, { from, each }: ReadRule): Payload {
  const place = formatPlace(from);
  const text = textAt(request, from);
  if (text === null) return undecodable(place, `the request has no ${place}`);
  if (text.trim() === "") return each ? { value: NOTHING } : undecodable(place, `${place} is empty`);
  const value = parseJson(text);
  return value === undefined ? undecodable(place, `${place} is not JSON`) : { value };
}

/** What stands for a payload that is empty where a list is expected. */
const NOTHING = Symbol("nothing");

function readForm(request: VerifiedRequest): Payload {
  const form = formOf(request);
  if (form.cut) return undecodable("body", `the form has more than ${MOST_FIELDS} fields`);
  return { value: toPayload(form) };
}

function itemsOf(payload: unknown, { each }: ReadRule): Decoded {
  if (each === null) return { items: [payload], problems: [] };
  if (payload === NOTHING) return { items: [], problems: [] };
  const items = valueAt(payload, each);
  if (Array.isArray(items)) return { items, problems: [] };
  const at = each.join(".") || "payload";
  const { problem } = undecodable(at, `the ${at} is not a list`);
  return { items: [], problems: [problem] };
}

/** Members that are JSON text are replaced by what they hold; those that are not JSON are left as they are. */
function parseMembers(payload: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof payload !== "object" || payload === null) return payload;
  const parsed = names.flatMap((name) => {
    const text = valueAt(payload, [name]);
    const value = typeof text === "string" ? parseJson(text) : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  return Array.isArray(payload) ? payload : { ...payload, ...Object.fromEntries(parsed) };
}

/** Undefined: not JSON. The engine's own message is left out, since it quotes the payload. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function undecodable(field: string, message: string): { problem: Problem } {
  return { problem: { kind: "undecodable", item: null, field, message } };
}
