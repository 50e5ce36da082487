import { z } from "zod";
import { formatPath, PATH, type Path, parsePath } from "./path.ts";

/** Where in a request something stands: the raw body, or a header, query parameter or form field by name. */
export type RequestPlace = { in: "body" } | { in: "header" | "query" | "field"; name: string };

/** One of these, or a place in the payload that the channel's `read` finds. */
export type PlaceRef = RequestPlace | { in: "payload"; path: Path };

const REQUEST_PLACE = /^(?:body|(header|query|field):(.+))$/s;
const PAYLOAD = "payload:";

/** Any place, as the source of a regular expression (flag `s`). */
export const PLACE = `(?:body|(?:header|query|field):.+|${PAYLOAD}${PATH})`;

/** A place outside the payload, as mapping files write it. */
export const RequestPlaceText = z
  .string()
  .regex(REQUEST_PLACE, "a place is body, header:<name>, query:<name> or field:<name> (a form field)")
  .meta({ examples: ["body", "field:data"] });

/** A place as mapping files write it. */
export const PlaceText = z
  .string()
  .regex(
    new RegExp(`^${PLACE}$`, "s"),
    "a place is body, header:<name>, query:<name>, field:<name> (a form field) or payload:<path>",
  )
  .meta({ examples: ["body", "header:x-signature", "query:token", "field:data", "payload:event.hash"] });

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
