/** Sentences that a page shows once after something was done: its address has only their id. */

export interface Said {
  /** Returns the id. */
  keep(sentence: string): string;
  /** Null: it is too old. */
  find(id: string): string | null;
}

const KEPT_MS = 60_000;
const MAX_KEPT = 200;

export function createSaid(parts: { now(): number; randomBytes(length: number): Uint8Array }): Said {
  const kept = new Map<string, { sentence: string; at: number }>();
  return {
    keep(sentence) {
      const [oldest] = kept.keys();
      if (oldest !== undefined && kept.size >= MAX_KEPT) kept.delete(oldest);
      const id = Buffer.from(parts.randomBytes(12)).toString("base64url");
      kept.set(id, { sentence, at: parts.now() });
      return id;
    },
    find(id) {
      const found = kept.get(id);
      return found && parts.now() - found.at < KEPT_MS ? found.sentence : null;
    },
  };
}
