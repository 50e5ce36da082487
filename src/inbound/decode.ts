import type { Problem } from "../domain/receipt.ts";
import type { ReadRule } from "../mapping/compile.ts";
import { valueAt } from "../mapping/path.ts";
import { formatPlace } from "../mapping/place.ts";
import type { Channel } from "./channel.ts";
import { MOST_FIELDS } from "./form.ts";
import { MOST_LEVELS, MOST_VALUES, parseJson } from "./json.ts";
import { payloadOf } from "./place.ts";
import type { VerifiedRequest } from "./request.ts";

/** The items of a request, each to become events; none together with the problem when there is no payload to be found. */
export interface Decoded {
  items: readonly unknown[];
  problems: readonly Problem[];
}

/** Finds the payload and its items. Never throws, whatever the bytes; an empty place is an empty list where a list is expected. */
export function decode(request: VerifiedRequest, { rules: { read } }: Pick<Channel, "rules">): Decoded {
  const payload = payloadOf(request, read);
  if ("value" in payload) return itemsOf(parseMembers(payload.value, read.parse), read);
  if (payload.absent === "empty" && read.each) return { items: [], problems: [] };
  const place = formatPlace(read.from);
  return undecodable(place, WHY_ABSENT[payload.absent](place));
}

const WHY_ABSENT = {
  missing: (place: string) => `the request has no ${place}`,
  empty: (place: string) => `${place} is empty`,
  unreadable: (place: string) => `${place} is not JSON`,
  levels: (place: string) => `${place} is nested more than ${MOST_LEVELS} deep`,
  values: (place: string) => `${place} holds more than ${MOST_VALUES} values`,
  fields: () => `the form has more than ${MOST_FIELDS} fields`,
};

function itemsOf(payload: unknown, { each }: ReadRule): Decoded {
  if (each === null) return { items: [payload], problems: [] };
  const items = valueAt(payload, each);
  if (Array.isArray(items)) return { items, problems: [] };
  const at = each.join(".") || "payload";
  return undecodable(at, `the ${at} is not a list`);
}

/** Members that are JSON text are replaced by what they hold; those that are not JSON are left as they are. */
function parseMembers(payload: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof payload !== "object" || payload === null) return payload;
  const parsed = names.flatMap((name) => {
    const text = valueAt(payload, [name]);
    const json = typeof text === "string" ? parseJson(text) : null;
    return json !== null && "value" in json ? [[name, json.value]] : [];
  });
  return Array.isArray(payload) ? payload : { ...payload, ...Object.fromEntries(parsed) };
}

function undecodable(field: string, message: string): Decoded {
  return { items: [], problems: [{ kind: "undecodable", item: null, field, message }] };
}
