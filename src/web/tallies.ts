import { z } from "zod";
import { CountersignError } from "../domain/errors.ts";
import { formatDuration, parseSince } from "../domain/quantity.ts";
import { HOUR_MS, hourOf, LATENCY_BOUNDS_MS } from "../domain/tally.ts";
import type { Tallies, TallySpan } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";
import { parseInput } from "./input.ts";

const DAY_MS = 24 * HOUR_MS;
/** An answer about a longer span could be hundreds of megabytes long. */
const MAX_SPAN_MS = 31 * DAY_MS;

/** What is asked for and what is answered, in milliseconds. */
interface ShownTallies extends Tallies {
  from: number;
  /** Null: without an end. */
  until: number | null;
  /** The longest duration in each latency bucket; one more has all that took longer. */
  latencyBounds: readonly number[];
}

export async function showTallies(
  store: Pick<Store, "tallies">,
  query: unknown,
  now: number,
): Promise<ShownTallies> {
  const span = spanOf(query, now);
  const { from, until = null } = span;
  return { from: hourOf(from), until, latencyBounds: LATENCY_BOUNDS_MS, ...(await store.tallies(span)) };
}

/** Milliseconds since 1970. */
const moment = z
  .union([z.string().regex(/^\d{1,15}$/), z.iso.datetime({ offset: true }), z.iso.date()], {
    error: "must be a moment such as 2026-01-31T12:00:00Z, or milliseconds since 1970",
  })
  .transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)));

const since = (now: number) =>
  z.string().transform((text, context) => {
    const at = parseSince(text, now);
    if (at === null)
      context.addIssue("must be how long ago, such as 2d, or a moment such as 2026-01-31T12:00:00Z");
    return at ?? z.NEVER;
  });

/** By default the last day. */
function spanOf(query: unknown, now: number): TallySpan {
  const schema = z.strictObject({
    from: moment.optional(),
    until: moment.optional(),
    since: since(now).optional(),
  });
  const given = parseInput(schema, query);
  if (given.from !== undefined && given.since !== undefined)
    throw refusal("give `from` or `since`, not both: each says when the span begins");
  const { until } = given;
  const from = given.from ?? given.since ?? Math.max(0, now - DAY_MS);
  if (until !== undefined && until <= from) throw refusal("`until` must be later than the span's beginning");
  if ((until ?? now) - from > MAX_SPAN_MS)
    throw refusal(`a span may be ${formatDuration(MAX_SPAN_MS)} long: ask for a longer one in parts`);
  return { from, until };
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
