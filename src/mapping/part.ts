import { z } from "zod";
import { exactly } from "../yaml.ts";
import { compileMatches, PatternText } from "./pattern.ts";
import { formatPlace, type PlaceRef, PlaceText, parsePlace } from "./request-place.ts";

/** The value at a place, or what a pattern finds in it. */
export interface Part {
  place: PlaceRef;
  /** All matches in the text of the place, in order; null: the whole value counts. */
  find: ((text: string) => readonly string[]) | null;
  /** The pattern as written; null: none. */
  pattern: string | null;
}

/** A place, or a map with a place and a pattern, as mapping files write it. */
export const PartFile = z.union(
  [
    PlaceText,
    exactly({
      place: PlaceText.describe("Where in the request it is."),
      pattern: PatternText.optional().describe(
        "A regular expression: what is meant is its first group, or all that it matches.",
      ),
    }),
  ],
  { error: "expected a place, or a map with `place` and `pattern`" },
);
export type PartFile = z.output<typeof PartFile>;

export function compilePart(file: PartFile): Part {
  const { place, pattern } = typeof file === "string" ? { place: file } : file;
  const find = pattern === undefined ? null : compileMatches(pattern);
  return { place: parsePlace(place), find, pattern: pattern ?? null };
}

/** Whether both are the same stretch of a request. */
export function isSamePart(a: Part, b: Part): boolean {
  return formatPlace(a.place) === formatPlace(b.place) && a.pattern === b.pattern;
}
