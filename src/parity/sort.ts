/** Rows fall into this many buckets first: few are left in each to compare. */
const BUCKET_BITS = 16;

/**
 * The rows from 0 to `length`, in order. `hashOf` gives 32 bits that the order begins with; `compare` decides
 * between rows of equal beginnings. Sorting small parts needs little memory.
 */
export function sortRows(
  length: number,
  hashOf: (row: number) => number,
  compare: (a: number, b: number) => number,
): Uint32Array {
  const bucketOf = (row: number) => hashOf(row) >>> (32 - BUCKET_BITS);
  const ends = new Uint32Array(2 ** BUCKET_BITS + 1);
  for (let row = 0; row < length; row++) ends[bucketOf(row) + 1] = (ends[bucketOf(row) + 1] ?? 0) + 1;
  for (let bucket = 1; bucket < ends.length; bucket++)
    ends[bucket] = (ends[bucket] ?? 0) + (ends[bucket - 1] ?? 0);
  const places = ends.slice();
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) {
    const bucket = bucketOf(row);
    order[places[bucket] ?? 0] = row;
    places[bucket] = (places[bucket] ?? 0) + 1;
  }
  for (let bucket = 0; bucket + 1 < ends.length; bucket++) {
    const part = order.subarray(ends[bucket], ends[bucket + 1]);
    if (part.length > 1) part.sort((a, b) => hashOf(a) - hashOf(b) || compare(a, b));
  }
  return order;
}
