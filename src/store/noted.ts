import type { z } from "zod";
import type { Notes } from "./port/notes.ts";

/** What was noted under one kind, in the shape that those who note it give it. */

export interface Noted<T> {
  key: string;
  version: number;
  value: T;
}

/** How often a change is tried again that another has outrun. */
const MAX_TRIES = 5;

/**
 * The notes of a kind. One that does not have the shape was noted by another version: it counts as absent,
 * and the next change replaces it.
 */
export function createNoted<T extends object>(store: Notes, kind: string, shape: z.ZodType<T>) {
  async function read(): Promise<readonly Noted<T | null>[]> {
    const notes = await store.notes(kind);
    return notes.map(({ key, version, value }) => ({
      key,
      version,
      value: shape.safeParse(value).data ?? null,
    }));
  }

  return {
    async all(): Promise<readonly Noted<T>[]> {
      const notes = await read();
      return notes.flatMap(({ key, version, value }) => (value === null ? [] : [{ key, version, value }]));
    },
    /** Makes the value of a key anew: `change` gets the present one, or null. Null removes it. */
    async change(key: string, change: (value: T | null) => T | null): Promise<void> {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const note = (await read()).find((one) => one.key === key);
        const value = change(note?.value ?? null);
        if (value === null && !note) return;
        const version = note?.version ?? 0;
        const wanted = value as Readonly<Record<string, unknown>> | null;
        if (await store.changeNotes([{ kind, key, version, value: wanted }])) return;
      }
    },
  };
}
