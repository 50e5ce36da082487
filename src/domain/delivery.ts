import { nextAttemptAt, type Schedule } from "./retry.ts";

/**
 * `pending`: due at a moment (a leased one is due when its lease ends); `held`: waits for an earlier one of
 * its lane; `delivered` and `parked`: final, until an operator replays it.
 */
export const DELIVERY_STATUSES = ["pending", "held", "delivered", "parked"] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * Why a delivery is parked. `rejected`: answered with a status that the destination parks on;
 * `unsupported_by_format`: the destination's format has no words for the event, so nothing was sent;
 * `skipped`: an operator skipped it.
 */
export const PARK_REASONS = [
  "schedule_exhausted",
  "gone",
  "rejected",
  "unsupported_by_format",
  "skipped",
  "destination_removed",
] as const;
export type ParkReason = (typeof PARK_REASONS)[number];

/** One event on its way to one destination. Instants are milliseconds since 1970. */
export interface Delivery {
  id: string;
  event: string;
  destination: string;
  /**
   * The ordering key: deliveries of one document to one destination go in order; null: this one waits for
   * none.
   */
  lane: string | null;
  status: DeliveryStatus;
  /** Why it is parked; null otherwise. */
  reason: ParkReason | null;
  /** The number of attempts so far. */
  attempts: number;
  /** When the next attempt is due, or the lease ends; null once final. */
  dueAt: number | null;
  /**
   * The number of attempts before the last replay, from which the schedule starts again; null: never
   * replayed.
   */
  replayedAfter: number | null;
}

/**
 * `answered`: a whole answer came; all others say why none did. `unencodable`: the event does not fit the
 * destination's format, so nothing was sent and no attempt is counted. `token`: no access token could be
 * had, so nothing was sent.
 */
export const ATTEMPT_CAUSES = [
  "answered",
  "unencodable",
  "timeout",
  "dns",
  "refused",
  "reset",
  "tls",
  "blocked",
  "proxy",
  "token",
  "interrupted",
  "other",
] as const;
export type AttemptCause = (typeof ATTEMPT_CAUSES)[number];

/** One attempt at a delivery, with its result. */
export interface Attempt {
  /** From 1. */
  number: number;
  /** When it began, milliseconds since 1970. */
  startedAt: number;
  /** Milliseconds. */
  duration: number;
  cause: AttemptCause;
  /**
   * The HTTP status; null: no answer. With another cause than `answered`, the rest of the answer did not
   * come.
   */
  status: number | null;
  /**
   * The beginning of the answer's body, or the error's text. A redirect's target is its first line
   * (redirect.ts).
   */
  answer: string | null;
  /** What `Retry-After` asked for, in milliseconds from the end of the attempt. */
  retryAfter: number | null;
}

/** The state of a delivery after an attempt. */
export type Outcome =
  | { status: "delivered" }
  | { status: "pending"; dueAt: number }
  | { status: "parked"; reason: ParkReason };

/** The columns of a delivery that an attempt's outcome sets. */
export function settledState(outcome: Outcome): Pick<Delivery, "status" | "reason" | "dueAt"> {
  return {
    status: outcome.status,
    reason: outcome.status === "parked" ? outcome.reason : null,
    dueAt: outcome.status === "pending" ? outcome.dueAt : null,
  };
}

/** The status of a whole answer; null where the answer did not come to its end. */
export function answeredWith({ cause, status }: Pick<Attempt, "cause" | "status">): number | null {
  return cause === "answered" ? status : null;
}

/**
 * The state machine of a delivery. 2xx is success, everything else a failure, redirects included. 410 and the
 * statuses of `parkOn` park it; other failures are retried until the schedule runs out. A replayed delivery
 * gets the whole schedule again after its `replayedAfter` attempts. Pure: `random` is from 0 up to 1.
 */
export function decide(
  attempt: Attempt,
  schedule: Schedule,
  random: number,
  replayedAfter = 0,
  parkOn: readonly number[] = [],
): Outcome {
  const status = answeredWith(attempt);
  if (status !== null && status >= 200 && status < 300) return { status: "delivered" };
  if (status === 410) return { status: "parked", reason: "gone" };
  if (status !== null && parkOn.includes(status)) return { status: "parked", reason: "rejected" };

  const failure = {
    number: attempt.number - replayedAfter,
    at: attempt.startedAt + attempt.duration,
    retryAfter: attempt.retryAfter,
  };
  const dueAt = nextAttemptAt(schedule, failure, random);
  return dueAt === null ? { status: "parked", reason: "schedule_exhausted" } : { status: "pending", dueAt };
}
