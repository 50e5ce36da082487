/** Every order of the items; items that look alike are not told apart. */
export function* ordersOf<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const look = JSON.stringify(item);
    if (seen.has(look)) continue;
    seen.add(look);
    for (const rest of ordersOf(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}
