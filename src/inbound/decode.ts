import type { Problem } from "../domain/receipt.ts";
import type { ReadRule } from "../mapping/compile.ts";
import { valueAt } from "../mapping/path.ts";
import { formatPlace } from "../mapping/place.ts";
import type { Channel } from "./channel.ts";
import { contentOf } from "./content.ts";
import { MOST_FIELDS } from "./form.ts";
import { DEFAULT_MAX_VALUES, MOST_LEVELS, parsing } from "./json.ts";
import { payloadOf, readingPayload } from "./place.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { atOnce, inTurns, type Steps } from "./steps.ts";

/** The items of a request, each to become events; none together with the problem when there is no payload to be found. */
export interface Decoded {
  items: readonly unknown[];
  problems: readonly Problem[];
}

/** Finds the payload and its items. Never throws, whatever the bytes; an empty place is an empty list where a list is expected. */
export function decode(request: VerifiedRequest, { rules: { read } }: Pick<Channel, "rules">): Decoded {
  const { content, maxValues = DEFAULT_MAX_VALUES } = request;
  if (content && "undecodable" in content) return undecodable("body", content.undecodable);
  const payload = payloadOf(request, read);
  if ("value" in payload) return itemsOf(atOnce(parsingMembers(payload.value, read.parse, maxValues)), read);
  if (payload.absent === "empty" && read.each) return { items: [], problems: [] };
  const place = formatPlace(read.from);
  return undecodable(place, WHY_ABSENT[payload.absent](place, maxValues));
}

const WHY_ABSENT = {
  missing: (place: string) => `the request has no ${place}`,
  empty: (place: string) => `${place} is empty`,
  unreadable: (place: string) => `${place} is not JSON`,
  levels: (place: string) => `${place} is nested more than ${MOST_LEVELS} deep`,
  values: (place: string, maxValues: number) => `${place} holds more than ${maxValues} values`,
  fields: () => `the form has more than ${MOST_FIELDS} fields`,
};

function itemsOf(payload: unknown, { each }: ReadRule): Decoded {
  if (each === null) return { items: [payload], problems: [] };
  const items = valueAt(payload, each);
  if (Array.isArray(items)) return { items, problems: [] };
  const at = each.join(".") || "payload";
  return undecodable(at, `the ${at} is not a list`);
}

/** A request of this many bytes is read in steps. */
const LONG = 2 ** 18;

/** Reads a long request, so that `decode` finds it read. Others have their turn meanwhile. */
export async function readAhead(request: RawRequest, { rules: { read } }: Pick<Channel, "rules">) {
  if (contentOf(request).length < LONG) return;
  const payload = await inTurns(readingPayload(request, read));
  if ("value" in payload) await inTurns(parsingMembers(payload.value, read.parse, request.maxValues));
}

/** Each payload with its members parsed: once, however often it is decoded. */
const parsed = new WeakMap<object, unknown>();

/** Members that are JSON text are replaced by what they hold; those that are not JSON are left as they are. */
function* parsingMembers(payload: unknown, names: readonly string[], maxValues?: number): Steps<unknown> {
  if (names.length === 0 || typeof payload !== "object" || payload === null || Array.isArray(payload))
    return payload;
  const known = parsed.get(payload);
  if (known) return known;
  const members: [string, unknown][] = [];
  for (const name of names) {
    const text = valueAt(payload, [name]);
    const json = typeof text === "string" ? yield* parsing(text, maxValues) : null;
    if (json !== null && "value" in json) members.push([name, json.value]);
  }
  const whole = { ...payload, ...Object.fromEntries(members) };
  parsed.set(payload, whole);
  return whole;
}

function undecodable(field: string, message: string): Decoded {
  return { items: [], problems: [{ kind: "undecodable", item: null, field, message }] };
}
