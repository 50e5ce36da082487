import { z } from "zod";
import { formatPath, isPath, type Path, parsePath } from "./path.ts";

/**
 * Where in a request something stands: the raw body, or a header, query parameter or form field by name. A header's name that ends in
 * `*` stands for all headers that begin so.
 */
export type RequestPlace = { in: "body" } | { in: "header" | "query" | "field"; name: string };

/** One of these, or a place in the payload that the channel's `read` finds. */
export type PlaceRef = RequestPlace | { in: "payload"; path: Path };

const REQUEST_PLACE = /^(?:body|(header|query|field):(.+))$/s;
const PAYLOAD = "payload:";

/** What places look like to editors, as the source of a regular expression; paths are looked at more closely. */
export const PLACE = `(?:body|(?:header|query|field):.+|${PAYLOAD}.+)`;

/** Whether a text names a place. */
export function isPlace(text: string): boolean {
  return text.startsWith(PAYLOAD) ? isPath(text.slice(PAYLOAD.length)) : REQUEST_PLACE.test(text);
}

/** A place outside the payload, as mapping files write it. */
export const RequestPlaceText = z
  .string()
  .regex(REQUEST_PLACE, "a place is body, header:<name>, query:<name> or field:<name> (a form field)")
  .meta({ examples: ["body", "field:data"] });

/** A place as mapping files write it. */
export const PlaceText = z
  .string()
  .refine(isPlace, {
    error: "a place is body, header:<name>, query:<name>, field:<name> (a form field) or payload:<path>",
  })
  .meta({
    pattern: `^${PLACE}$`,
    examples: ["body", "header:x-signature", "query:token", "field:data", "payload:event.hash"],
  });

/** The place that a text names. Text that `PlaceText` refuses counts as the body. */
export function parsePlace(text: string): PlaceRef {
  if (!text.startsWith(PAYLOAD)) return parseRequestPlace(text);
  return { in: "payload", path: parsePath(text.slice(PAYLOAD.length)) };
}

/** The same for a place outside the payload; header names are compared in lower case. */
export function parseRequestPlace(text: string): RequestPlace {
  const [, kind, name = ""] = REQUEST_PLACE.exec(text) ?? [];
  if (kind === "header") return { in: kind, name: name.toLowerCase() };
  return kind === "query" || kind === "field" ? { in: kind, name } : { in: "body" };
}

/** The place as mapping files write it. */
export function formatPlace(place: PlaceRef): string {
  if (place.in === "payload") return `${PAYLOAD}${formatPath(place.path)}`;
  return place.in === "body" ? "body" : `${place.in}:${place.name}`;
}
