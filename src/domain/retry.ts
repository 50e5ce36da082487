/** When a failed delivery is attempted again. Pure: time and chance are arguments. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses before the second and each later attempt, in milliseconds: n pauses make n + 1 attempts. */
export type Schedule = readonly number[];

export const PRESETS = {
  /** The recommendation of Standard Webhooks: ten attempts over about three days. */
  standard: [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
  ],
  /** Lumin's own schedule: seven attempts over about thirty hours. */
  lumin: [5 * MINUTE_MS, 15 * MINUTE_MS, 45 * MINUTE_MS, 135 * MINUTE_MS, 405 * MINUTE_MS, 1_215 * MINUTE_MS],
} as const satisfies Record<string, Schedule>;

/** A `Retry-After` beyond this is cut to it. */
export const MAX_WAIT_MS = 24 * HOUR_MS;

/** At most this share of a pause is added at random, so that deliveries that failed together spread. */
const JITTER = 0.1;

export interface Failure {
  /** The number of the attempt, from 1. */
  number: number;
  /** When it ended, milliseconds since 1970. */
  at: number;
  /** The receiver's `Retry-After`, in milliseconds from `at`; null: none. */
  retryAfter: number | null;
}

/**
 * max(schedule + jitter, Retry-After), the latter capped at 24 hours; null when the schedule has run out.
 * `random` is from 0 up to 1.
 */
export function nextAttemptAt(schedule: Schedule, failure: Failure, random: number): number | null {
  const pause = schedule[failure.number - 1];
  if (pause === undefined) return null;
  const jittered = pause * (1 + JITTER * random);
  const asked = Math.min(failure.retryAfter ?? 0, MAX_WAIT_MS);
  return Math.round(failure.at + Math.max(jittered, asked));
}
