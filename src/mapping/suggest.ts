import { z } from "zod";

/** One of a closed list of names; whoever writes another is told what was probably meant, and all that there is. */
export function oneOf<const Names extends readonly string[]>(kind: string, names: Names) {
  return z.enum(names, { error: ({ input }) => unknownName(kind, input, names) });
}

/** One sentence for a name that is not known. */
export function unknownName(kind: string, name: unknown, known: readonly string[]): string {
  if (typeof name !== "string") return `expected ${kind}: one of ${known.join(", ")}`;
  const near = nearest(name, known);
  const meant = near === null ? "" : `, did you mean \`${near}\`?`;
  return `\`${name}\` is not ${kind}${meant || ":"} known here: ${known.join(", ") || "none"}`;
}

/** The known name that differs by the fewest letters, if that is at most a third of them. */
function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(1, best.candidate.length / 3) ? best.candidate : null;
}

/** How many letters must be put in, left out or changed to get from one to the other (Levenshtein). */
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
