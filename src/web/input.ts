import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { parseSince } from "../domain/quantity.ts";
import { type ListRequest, ORDERS, type TimeRange } from "../store/port/paging.ts";

/** @throws CountersignError `bad_request` that names every part that does not fit. */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(({ path, message }) =>
    [...path.map(String), message].join(": "),
  );
  throw new CountersignError("bad_request", complaints.join("; "));
}

/** One of these words, or a sentence that names them. */
export function wordOf<const Words extends readonly string[]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, `must be one of ${words.join(", ")}`);
}

/** A moment, or a duration ago: milliseconds since 1970. */
export const moment = (now: number) =>
  z.string().transform((text, context) => {
    const at = parseSince(text, now);
    if (at === null)
      context.addIssue(
        "must be a moment such as 2026-01-31T12:00:00Z, in milliseconds since 1970, or how long ago, such as 2d",
      );
    return at ?? z.NEVER;
  });

const MAX_LIMIT = 1_000;
const LIMIT_RULE = `must be a whole number from 1 to ${MAX_LIMIT}`;

/** The page parameters of a call that goes on page by page. */
export const PAGE = {
  cursor: z
    .string()
    .regex(/^[0-9a-z]{1,12}$/, "is not a cursor: use `next` of the page before")
    .optional(),
  limit: z.coerce
    .number(LIMIT_RULE)
    .int(LIMIT_RULE)
    .min(1, LIMIT_RULE)
    .max(MAX_LIMIT, LIMIT_RULE)
    .default(100),
};

/** The parameters of every list. Its cursors are checked by the store. */
export const listParameters = (now: number) => ({
  ...PAGE,
  cursor: z.string().optional(),
  order: wordOf(ORDERS).default("newest"),
  ...rangeParameters(now),
});

/** `since` is another word for `from`. */
export const rangeParameters = (now: number) => ({
  from: moment(now).optional(),
  until: moment(now).optional(),
  since: moment(now).optional(),
});

/** @throws CountersignError `bad_request`: no moment lies in the range. */
export function toRange({ since, from, until }: TimeRange & { since?: number | undefined }): TimeRange {
  if (since !== undefined && from !== undefined)
    throw new CountersignError("bad_request", "since: means the same as `from`: give one of them");
  const begin = from ?? since;
  if (begin !== undefined && until !== undefined && begin >= until)
    throw new CountersignError("bad_request", "until: must be later than `from` or `since`");
  return { from: begin, until };
}

type ListParameters = ListRequest & TimeRange & { since?: number | undefined };

/**
 * Tells the page, and what the list is restricted to. @throws CountersignError `bad_request`, as `toRange`.
 */
export function splitList<Query extends ListParameters>(query: Query) {
  const { cursor, limit, order, from, until, since, ...filter } = query;
  return { page: { cursor, limit, order }, filter: { ...filter, ...toRange({ from, until, since }) } };
}
