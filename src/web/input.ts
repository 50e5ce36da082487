import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";

/** @throws CountersignError `bad_request` that names every part that does not fit. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(({ path, message }) =>
    [...path.map(String), message].join(": "),
  );
  throw new CountersignError("bad_request", complaints.join("; "));
}

/** The page parameters of every list's query. */
export const PAGE = {
  cursor: z
    .string()
    .regex(/^[0-9a-z]{1,12}$/, "is not a cursor: use `next` of the page before")
    .optional(),
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(1_000).default(100),
};
