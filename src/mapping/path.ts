import { z } from "zod";

/** The keys that lead to a value in a payload, outermost first; none: the payload itself. */
export type Path = readonly string[];

/** What a path looks like, as the source of a regular expression (flag `s`). */
export const PATH = /(?:\.|(?:\\.|[^.\\])+(?:\.(?:\\.|[^.\\])+)*)/s.source;

/** A path as mapping files write it: keys and list positions with dots between; `.` alone is the payload itself. */
export const PathText = z
  .string()
  .regex(
    new RegExp(`^${PATH}$`, "s"),
    "a path is keys with dots between, such as event.type; `.` is the whole",
  )
  .meta({ examples: ["event.event_type", "signers.0.email", "."] });

/** Splits at the dots; `\.` is a dot within a key. */
export function parsePath(text: string): Path {
  if (text === ".") return [];
  return text.split(/(?<!\\)\./).map((key) => key.replace(/\\(.)/gs, "$1"));
}

/** The path as mapping files write it. */
export function formatPath(path: Path): string {
  return path.map((key) => key.replace(/[.\\]/g, "\\$&")).join(".") || ".";
}

const POSITION = /^\d+$/;

/**
 * What stands at the path; undefined where it leads nowhere. Only a payload's own members are seen, never what every object
 * inherits, and of a list only its elements.
 */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    if (Array.isArray(found) && !POSITION.test(key)) return undefined;
    found = Reflect.get(found, key);
  }
  return found;
}
