import { nextAttemptAt, type Schedule } from "./retry.ts";

/**
 * `pending`: due at a moment (a lease is simply due again when it ends); `held`: waits for an earlier one of its lane;
 * `delivered` and `parked` are final, until a person reopens a parked one.
 */
export type DeliveryStatus = "pending" | "held" | "delivered" | "parked";

/**
 * Why a delivery stopped before it was delivered. `rejected`: it was answered with a status that the destination parks on;
 * `unsupported_by_format`: the destination's format cannot say the event, so that nothing was sent; `skipped`: a person said so.
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
  /** The deliveries of one document to one destination go in order; null: this one waits for nobody. */
  lane: string | null;
  status: DeliveryStatus;
  /** Why it is parked; null otherwise. */
  reason: ParkReason | null;
  /** Tries so far. */
  attempts: number;
  /** When it is tried next, or a lease of it ends; null once final. */
  dueAt: number | null;
  /** How many tries it had had when a person had it sent again; null: nobody did. The schedule starts anew from there. */
  replayedAfter: number | null;
}

/**
 * Why a try brought no whole answer; `answered`: it did. `unencodable`: the event could not be put into the destination's format, so
 * that nothing was sent and there was no try.
 */
export type AttemptCause =
  | "answered"
  | "unencodable"
  | "timeout"
  | "dns"
  | "refused"
  | "reset"
  | "tls"
  | "blocked"
  | "proxy"
  | "interrupted"
  | "other";

/** One try at a delivery, with what came of it. */
export interface Attempt {
  /** From 1. */
  number: number;
  /** When it began, milliseconds since 1970. */
  startedAt: number;
  /** Milliseconds. */
  duration: number;
  cause: AttemptCause;
  /** The HTTP status; null when nothing was answered. With another cause than `answered` the rest of the answer did not come. */
  status: number | null;
  /**
   * The beginning of the answer's body or the error's text, for people. Of a redirect the first line says where it points
   * (redirect.ts).
   */
  answer: string | null;
  /** What `Retry-After` asked for, in milliseconds from the end of the try. */
  retryAfter: number | null;
}

/** What becomes of a delivery after a try. */
export type Outcome =
  | { status: "delivered" }
  | { status: "pending"; dueAt: number }
  | { status: "parked"; reason: ParkReason };

/** The status of a whole answer. One that did not come to its end counts as none, whatever its first line said. */
export function answeredWith({ cause, status }: Pick<Attempt, "cause" | "status">): number | null {
  return cause === "answered" ? status : null;
}

/**
 * The whole state machine of a delivery. 2xx is success and all else is not: a redirect is a failure, 410 and the statuses of `parkOn`
 * end it, and the rest is tried again until the schedule runs out. Pure: `random` is from 0 up to 1. A replayed delivery has the
 * whole schedule again after the `replayedAfter` tries of before.
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
