import type { z } from "zod";

/** The schema with the condition that exactly one of `keys` is given. */
export function exactlyOne<Schema extends z.ZodType<object>>(schema: Schema, keys: readonly string[]) {
  return schema.refine((value) => countGiven(value, keys) === 1, {
    error: `needs exactly one of ${keys.join(", ")}`,
  });
}

function countGiven(value: object, keys: readonly string[]): number {
  return Object.entries(value).filter(([key, given]) => keys.includes(key) && given !== undefined).length;
}
