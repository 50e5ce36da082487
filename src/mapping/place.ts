import { z } from "zod";

/** Where in a request something stands: the raw body, or a header, query parameter or form field by name. */
export type PlaceRef = { in: "body" } | { in: "header" | "query" | "field"; name: string };

const PLACE = /^(?:body|(header|query|field):(.+))$/s;

/** A place as mapping files write it. */
export const PlaceText = z
  .string()
  .regex(PLACE, "a place is body, header:<name>, query:<name> or field:<name> (a form field)")
  .meta({ examples: ["body", "header:x-signature", "query:token", "field:data"] });

/** The place that a text names; header names are compared in lower case. Text that `PlaceText` refuses counts as the body. */
export function parsePlace(text: string): PlaceRef {
  const [, kind, name = ""] = PLACE.exec(text) ?? [];
  if (kind === "header") return { in: kind, name: name.toLowerCase() };
  return kind === "query" || kind === "field" ? { in: kind, name } : { in: "body" };
}

/** The place as mapping files write it. */
export function formatPlace(place: PlaceRef): string {
  return place.in === "body" ? "body" : `${place.in}:${place.name}`;
}
