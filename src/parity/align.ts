/** Something that happened at a moment, milliseconds since 1970. */
export interface Timed {
  time: number;
}

/** Above this many combinations the nearest are taken in order, without a look at all. */
const MAX_COMBINATIONS = 250_000;

/**
 * Pairs two lists, each in the order of time: as many pairs as possible that are no further apart than
 * `within`, and of the ways to do that the one with the least distance in all. Pairs never cross. `shift` is
 * added to the times of the second list.
 */
export function align<One extends Timed, Other extends Timed>(
  ones: readonly One[],
  others: readonly Other[],
  within: number,
  shift = 0,
): (readonly [One, Other])[] {
  const distance = (one: One, other: Other) => Math.abs(one.time - other.time - shift);
  const [one, other] = [ones[0], others[0]];
  if (!one || !other) return [];
  if (ones.length === 1 && others.length === 1) return distance(one, other) <= within ? [[one, other]] : [];
  return ones.length * others.length > MAX_COMBINATIONS
    ? inOrder(ones, others, within, shift)
    : best(ones, others, within, distance);
}

/** The best way from each combination of positions on: how many pairs, and how far apart they are in all. */
function best<One, Other>(
  ones: readonly One[],
  others: readonly Other[],
  within: number,
  distance: (one: One, other: Other) => number,
): (readonly [One, Other])[] {
  const width = others.length + 1;
  const pairs = new Float64Array((ones.length + 1) * width);
  const apart = new Float64Array(pairs.length);
  const at = (i: number, j: number) => i * width + j;
  const isBetter = (a: number, b: number) =>
    (pairs[a] ?? 0) > (pairs[b] ?? 0) || (pairs[a] === pairs[b] && (apart[a] ?? 0) <= (apart[b] ?? 0));
  const isPaired = (i: number, j: number, gap: number) =>
    gap <= within &&
    pairs[at(i, j)] === (pairs[at(i + 1, j + 1)] ?? 0) + 1 &&
    apart[at(i, j)] === (apart[at(i + 1, j + 1)] ?? 0) + gap;

  for (let i = ones.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      const [skipOne, skipOther] = [at(i + 1, j), at(i, j + 1)];
      const skip = isBetter(skipOne, skipOther) ? skipOne : skipOther;
      const here = at(i, j);
      pairs[here] = pairs[skip] ?? 0;
      apart[here] = apart[skip] ?? 0;
      const gap = distance(ones[i] as One, others[j] as Other);
      if (gap > within) continue;
      const both = at(i + 1, j + 1);
      const [count, sum] = [(pairs[both] ?? 0) + 1, (apart[both] ?? 0) + gap];
      if (count > (pairs[here] ?? 0) || (count === pairs[here] && sum < (apart[here] ?? 0))) {
        pairs[here] = count;
        apart[here] = sum;
      }
    }
  }

  const found: (readonly [One, Other])[] = [];
  for (let i = 0, j = 0; i < ones.length && j < others.length; ) {
    const [one, other] = [ones[i] as One, others[j] as Other];
    const [here, skipOne, skipOther] = [at(i, j), at(i + 1, j), at(i, j + 1)];
    const isSame = (there: number) => pairs[there] === pairs[here] && apart[there] === apart[here];
    if (isPaired(i, j, distance(one, other))) {
      found.push([one, other]);
      i += 1;
      j += 1;
    } else if (isSame(skipOne)) i += 1;
    else if (isSame(skipOther)) j += 1;
    else i += 1;
  }
  return found;
}

function inOrder<One extends Timed, Other extends Timed>(
  ones: readonly One[],
  others: readonly Other[],
  within: number,
  shift: number,
): (readonly [One, Other])[] {
  const found: (readonly [One, Other])[] = [];
  for (let i = 0, j = 0; i < ones.length && j < others.length; ) {
    const [one, other] = [ones[i] as One, others[j] as Other];
    const gap = one.time - other.time - shift;
    if (Math.abs(gap) <= within) found.push([one, other]);
    if (gap <= within) i += 1;
    if (gap >= -within) j += 1;
  }
  return found;
}
