import { KINDS, type Kind } from "../src/concern/kinds.ts";
import { UNWATCHED } from "../src/status/unwatched.ts";
import { code, table } from "./markdown.ts";

/** The tables of docs/concerns.md, by name: every kind of concern that a bridge looks for. */
export function concernTables(): Map<string, string> {
  const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => !UNWATCHED.includes(kind));
  return new Map([["kinds", table(["kind", "harm", "what to do", "named", "ends with"], kinds.map(rowOf))]]);
}

function rowOf(kind: Kind): string[] {
  const { severity, advice, named, ends, ...rest } = KINDS[kind];
  const otherwise = "otherwise" in rest ? `; ${rest.otherwise.severity} when ${rest.otherwise.when}` : "";
  return [code(kind), `${severity}${otherwise}`, shown(advice), named, shown(ends)];
}

/** A text that only its rule knows. */
function shown(text: string): string {
  return text.startsWith("{") ? "as it says" : text;
}
