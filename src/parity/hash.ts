/** 32 bits of a text: FNV-1a with a final mix. `seed` gives another hash of the same text. */
export function hashOf(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const OTHER_SEED = 0x9e3779b9;

/** Two independent hashes: of a million texts, two are alike by chance once in 30 million runs. */
export function longHashOf(text: string): readonly [high: number, low: number] {
  return [hashOf(text), hashOf(text, OTHER_SEED)];
}
