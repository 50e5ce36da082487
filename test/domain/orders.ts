/** Every distinct order of the items. Items with equal JSON are interchangeable. */
export function* ordersOf<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const shape = JSON.stringify(item);
    if (seen.has(shape)) continue;
    seen.add(shape);
    for (const rest of ordersOf(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}
