import { isPlainObject } from "../domain/plain-object.ts";
import type { Problem } from "../domain/receipt.ts";
import type { MappingChannel, ReadRule } from "../mapping/compile.ts";
import { elementsAt, formatPath, valueAt } from "../mapping/path.ts";
import { formatPlace } from "../mapping/request-place.ts";
import type { Channel } from "./channel.ts";
import { contentOf } from "./content.ts";
import { parsing } from "./json.ts";
import type { VerifiedRequest } from "./request.ts";
import { atOnce, inTurns, LONG_BYTES, type Steps } from "./steps.ts";

/** The items of a request, each to become events; none together with the problem when no payload is found. */
export interface Decoded {
  items: readonly unknown[];
  problems: readonly Problem[];
}

type ReadBy = Pick<Channel, "rules">;

/**
 * Finds the payload and its items. Never throws. An empty place is an empty list where a list is expected.
 */
export function decode(request: VerifiedRequest, channel: ReadBy): Decoded {
  return atOnce(decoding(request, channel));
}

/** The same with turns for other requests in between where the body is long. */
export async function decodeInTurns(request: VerifiedRequest, channel: ReadBy): Promise<Decoded> {
  const isLong = contentOf(request).length >= LONG_BYTES;
  return isLong ? inTurns(decoding(request, channel)) : decode(request, channel);
}

/** The steps of `decode`. */
export function* decoding(request: VerifiedRequest, { rules }: ReadBy): Steps<Decoded> {
  const { read } = rules;
  const { content, maxValues } = request;
  if (content && "undecodable" in content) return undecodable("body", content.undecodable);
  const payload = yield* request.payload();
  if ("value" in payload) {
    const { value } = payload;
    const whole = read.parse.length === 0 ? value : yield* parsingMembers(value, read.parse, maxValues);
    return itemsOf(onlySigned(whole, signedFields(request, rules)), read);
  }
  if (payload.isEmpty && read.each) return { items: [], problems: [] };
  return undecodable(formatPlace(read.from), payload.absent);
}

function itemsOf(payload: unknown, { each, single }: ReadRule): Decoded {
  if (each === null) return { items: [payload], problems: [] };
  const elements = elementsAt({ item: payload }, { each, single });
  if (elements) return { items: elements.map(({ item }) => item), problems: [] };
  const at = each.length === 0 ? "payload" : formatPath(each);
  return undecodable(at, `the ${at} is not a list`);
}

/**
 * The form fields that the passed signatures cover, for a mapping that trusts no others. Null: all fields
 * count, since no signature was checked, or one covers the whole body.
 */
function signedFields(
  { verified }: VerifiedRequest,
  { read, checks }: MappingChannel,
): readonly string[] | null {
  if (!read.signedOnly) return null;
  const passed = verified.split("+");
  const places = checks.flatMap((check) =>
    "over" in check && passed.includes(check.kind)
      ? check.over.flatMap((part) => ("text" in part ? [] : [part.place]))
      : [],
  );
  if (places.length === 0 || places.some((place) => place.in === "body")) return null;
  return places.flatMap((place) => (place.in === "field" ? [place.name] : []));
}

function onlySigned(payload: unknown, names: readonly string[] | null): unknown {
  if (names === null || typeof payload !== "object" || payload === null) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([name]) => names.includes(name)));
}

/** Replaces members that are JSON text by their values; members that are not JSON stay as they are. */
function* parsingMembers(payload: unknown, names: readonly string[], maxValues?: number): Steps<unknown> {
  if (!isPlainObject(payload)) return payload;
  const members: [string, unknown][] = [];
  for (const name of names) {
    const text = valueAt(payload, [name]);
    const json = typeof text === "string" ? yield* parsing(text, maxValues) : null;
    if (json !== null && "value" in json) members.push([name, json.value]);
  }
  return { ...payload, ...Object.fromEntries(members) };
}

function undecodable(field: string, message: string): Decoded {
  return { items: [], problems: [{ kind: "undecodable", item: null, field, message }] };
}
