import { z } from "zod";

/** One of a closed list of names. The message for another suggests the likely one, and lists all. */
export function oneOf<const Names extends readonly string[]>(kind: string, names: Names) {
  return z.enum(names, { error: ({ input }) => unknownName(kind, input, names) });
}

/** The message for an unknown name. */
export function unknownName(kind: string, name: unknown, known: readonly string[]): string {
  if (typeof name !== "string") return `expected ${kind}: one of ${known.join(", ")}`;
  const near = nearest(name, known);
  const meant = near === null ? "" : `, did you mean \`${near}\`?`;
  return `\`${name}\` is not ${kind}${meant || ":"} known here: ${known.join(", ") || "none"}`;
}

/** The known name that differs by the fewest letters, if by at most a third of them. */
function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, best.candidate.length / 3) ? best.candidate : null;
}

/** The Levenshtein distance: letters to insert, delete or change. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
