import { hash } from "node:crypto";

/** A seeded random generator: equal seeds give equal draws. Not for secrets. */
export interface Chance {
  /** A whole number, both ends included. */
  int(min: number, max: number): number;
  /** True with this probability, 0 to 1. */
  happens(probability: number): boolean;
  pick<T>(list: readonly [T, ...T[]]): T;
  /** At most `count` different items, in the list's order. */
  sample<T>(list: readonly T[], count: number): T[];
  shuffle<T>(list: readonly T[]): T[];
  /** Hexadecimal digits in lower case. */
  hex(length: number): string;
  /** Shaped like a version 4 UUID. */
  uuid(): string;
}

export function createChance(seed: string): Chance {
  const next = sfc32(hash("sha256", seed, "buffer"));
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  const hex = (length: number) => Array.from({ length }, () => int(0, 15).toString(16)).join("");
  const shuffle = <T>(list: readonly T[]) =>
    list
      .map((item) => ({ item, rank: next() }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  return {
    int,
    hex,
    shuffle,
    happens: (probability) => next() < probability,
    pick: (list) => list[int(0, list.length - 1)] ?? list[0],
    sample(list, count) {
      const chosen = new Set(shuffle([...list.keys()]).slice(0, count));
      return list.filter((_, index) => chosen.has(index));
    },
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[int(0, 3)]}${hex(3)}-${hex(12)}`,
  };
}

/**
 * Chris Doty-Humphrey's small fast counter: 128 bits of state, so that thousands of generators do not
 * overlap.
 */
function sfc32(seed: Buffer): () => number {
  let a = seed.readUInt32LE(0);
  let b = seed.readUInt32LE(4);
  let c = seed.readUInt32LE(8);
  let d = seed.readUInt32LE(12);
  return () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4_294_967_296;
  };
}
