/** A number of deliveries; when the oldest and the newest of them were recorded, milliseconds since 1970. */
interface Counted {
  count: number;
  oldest: number;
  newest: number;
}

/**
 * Adds what one page counted to the sums over the pages before. `keyOf` tells apart what is counted by: of
 * two with the same key all else but the counts is the same.
 */
export function addCounts<C extends Counted>(
  sums: Map<string, C>,
  counts: readonly C[],
  keyOf: (one: C) => string,
): void {
  for (const one of counts) {
    const { count, oldest, newest } = sums.get(keyOf(one)) ?? { ...one, count: 0 };
    sums.set(keyOf(one), {
      ...one,
      count: count + one.count,
      oldest: Math.min(oldest, one.oldest),
      newest: Math.max(newest, one.newest),
    });
  }
}

/** The largest first. */
export function largestFirst<C extends Counted>(sums: ReadonlyMap<string, C>): C[] {
  return [...sums.values()].toSorted((one, other) => other.count - one.count);
}
