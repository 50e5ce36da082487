import type { Problem } from "../domain/receipt.ts";
import type { MappingChannel, ReadRule } from "../mapping/compile.ts";
import { elementsAt, formatPath, valueAt } from "../mapping/path.ts";
import { formatPlace } from "../mapping/request-place.ts";
import { type Payload, type PayloadRule, payloadOf, readingPayload } from "./at-place.ts";
import type { Channel } from "./channel.ts";
import { contentOf, unsaidCoding } from "./content.ts";
import { MAX_FIELDS } from "./form.ts";
import { DEFAULT_MAX_VALUES, MAX_LEVELS, parsing } from "./json.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { atOnce, inTurns, type Steps } from "./steps.ts";

/** The items of a request, each to become events; none together with the problem when there is no payload to be found. */
export interface Decoded {
  items: readonly unknown[];
  problems: readonly Problem[];
}

/** Finds the payload and its items. Never throws, whatever the bytes; an empty place is an empty list where a list is expected. */
export function decode(request: VerifiedRequest, { rules }: Pick<Channel, "rules">): Decoded {
  const { read } = rules;
  const { content, maxValues } = request;
  if (content && "undecodable" in content) return undecodable("body", content.undecodable);
  const payload = payloadOf(request, read);
  if ("value" in payload) {
    const whole = atOnce(parsingMembers(payload.value, read.parse, maxValues));
    return itemsOf(onlySigned(whole, signedFields(request, rules)), read);
  }
  if (payload.absent === "empty" && read.each) return { items: [], problems: [] };
  return undecodable(formatPlace(read.from), explainAbsence(request, read, payload.absent));
}

type Absence = Extract<Payload, { absent: unknown }>["absent"];

function explainAbsence(request: RawRequest, { from }: PayloadRule, absent: Absence): string {
  const text = WHY_ABSENT[absent](formatPlace(from), request.maxValues ?? DEFAULT_MAX_VALUES);
  const coding = absent === "unreadable" ? unsaidCoding(request) : null;
  return coding === null ? text : `${text}: ${coding}`;
}

/** Why the payload of a request cannot be looked into; null: it can. */
export function whyNoPayload(request: RawRequest, read: PayloadRule): string | null {
  const payload = payloadOf(request, read);
  return "absent" in payload ? explainAbsence(request, read, payload.absent) : null;
}

const WHY_ABSENT = {
  missing: (place: string) => `the request has no ${place}`,
  empty: (place: string) => `${place} is empty`,
  unreadable: (place: string) => `${place} is not JSON`,
  levels: (place: string) => `${place} is nested more than ${MAX_LEVELS} deep`,
  values: (place: string, maxValues: number) => `${place} holds more than ${maxValues} values`,
  fields: () => `the form has more than ${MAX_FIELDS} fields`,
};

function itemsOf(payload: unknown, { each, single }: ReadRule): Decoded {
  if (each === null) return { items: [payload], problems: [] };
  const elements = elementsAt({ item: payload }, { each, single });
  if (elements) return { items: elements.map(({ item }) => item), problems: [] };
  const at = each.length === 0 ? "payload" : formatPath(each);
  return undecodable(at, `the ${at} is not a list`);
}

/**
 * The fields of a form that count, where only what is signed does: those that the passed signatures cover. Null: all do, for no
 * signature was checked, or it covers the whole body.
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

/** A request of this many bytes is read in steps. */
const LONG_BYTES = 2 ** 18;

/** Reads a long request, so that `decode` finds it read. Others have their turn meanwhile. */
export async function readAhead(request: RawRequest, { rules: { read } }: Pick<Channel, "rules">) {
  if (contentOf(request).length < LONG_BYTES) return;
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
