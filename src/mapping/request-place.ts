import { z } from "zod";
import { formatPath, isPath, type Path, parsePath } from "./path.ts";

/**
 * A header or query parameter. A header's name that ends in `*` stands for all headers with that beginning.
 */
export interface HeadPlace {
  in: "header" | "query";
  name: string;
}

/** Where in a request something stands: the raw body, a header, a query parameter, or a form field. */
export type RequestPlace = HeadPlace | { in: "body" } | { in: "field"; name: string };

/** A place of the request, or a path in the payload that the channel's `read` finds. */
export type PlaceRef = RequestPlace | { in: "payload"; path: Path };

const REQUEST_PLACE = /^(?:body|(header|query|field):(.+))$/s;
const PAYLOAD = "payload:";

/**
 * The form of places, as the source of a regular expression for editors. Paths are only checked by `isPlace`.
 */
export const PLACE = `(?:body|(?:header|query|field):.+|${PAYLOAD}.+)`;

/** Whether a text names a place. */
export function isPlace(text: string): boolean {
  return text.startsWith(PAYLOAD) ? isPath(text.slice(PAYLOAD.length)) : REQUEST_PLACE.test(text);
}

/** A header or query parameter as mapping files write it. */
export const HeadPlaceText = z
  .string()
  .regex(/^(?:header|query):.+$/s, "a value to be compared is in header:<name> or query:<name>");

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

/** The place that a text names. A text that `PlaceText` refuses counts as the body. */
export function parsePlace(text: string): PlaceRef {
  if (!text.startsWith(PAYLOAD)) return parseRequestPlace(text);
  return { in: "payload", path: parsePath(text.slice(PAYLOAD.length)) };
}

/** The place outside the payload that a text names. */
export function parseRequestPlace(text: string): RequestPlace {
  const [, kind, name = ""] = REQUEST_PLACE.exec(text) ?? [];
  if (kind === "field") return { in: kind, name };
  return kind === "header" || kind === "query" ? parseHeadPlace(text) : { in: "body" };
}

/**
 * The header or parameter that a text names, as `HeadPlaceText` has checked. Header names are in lower case.
 */
export function parseHeadPlace(text: string): HeadPlace {
  const name = text.slice(text.indexOf(":") + 1);
  return text.startsWith("header:") ? { in: "header", name: name.toLowerCase() } : { in: "query", name };
}

/** The place as mapping files write it. */
export function formatPlace(place: PlaceRef): string {
  if (place.in === "payload") return `${PAYLOAD}${formatPath(place.path)}`;
  return place.in === "body" ? "body" : `${place.in}:${place.name}`;
}
