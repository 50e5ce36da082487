import type { Attempt, Outcome } from "./delivery.ts";
import type { Problem } from "./receipt.ts";

/** Counts by UTC hour: of requests that came in, and of deliveries that were attempted or parked. */

export const HOUR_MS = 3_600_000;

/** The start of the hour of a moment, both in milliseconds since 1970. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/**
 * What became of a request when it came. `duplicate`: it reported events again, and no new one; `problem`: it
 * is genuine, and a part of it could not be read; `refused`: it is not genuine, and was stored as that.
 */
export const REQUEST_OUTCOMES = ["accepted", "duplicate", "problem", "refused"] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** What became of a delivery by an attempt, or by being parked without one. `failed`: it is tried again. */
export const DELIVERY_OUTCOMES = ["delivered", "failed", "parked"] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

export function isOfRequest(outcome: RequestOutcome | DeliveryOutcome): outcome is RequestOutcome {
  return REQUEST_OUTCOMES.some((one) => one === outcome);
}

/**
 * The latency buckets of attempts: the longest duration in each, in milliseconds. One more has all that took
 * longer. Never changed, since stored tallies are counted by them.
 */
export const LATENCY_BOUNDS_MS = [10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000] as const;
export const LATENCY_BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** What is counted together. */
export interface TallyKey {
  /** Its start, milliseconds since 1970. */
  hour: number;
  /** Empty on the way out, as `channel`. */
  source: string;
  channel: string;
  /** Empty on the way in. */
  destination: string;
  outcome: RequestOutcome | DeliveryOutcome;
  /** The latency bucket, from 1; 0: a request, or a delivery that was parked without an attempt. */
  bucket: number;
}

export interface Tally extends TallyKey {
  count: number;
  /** When the newest of them came or ended, milliseconds since 1970. */
  newest: number;
}

/** A request on its way in. */
interface Came {
  source: string;
  channel: string;
  /** Milliseconds since 1970. */
  receivedAt: number;
}

/**
 * A genuine request that is recorded for the first time. Of a long one that is recorded in slices the rest is
 * not known yet, so it counts as accepted.
 */
export function tallyReceipt(
  receipt: Came & { problems: readonly Problem[] },
  {
    events,
    duplicates,
    shadow = [],
  }: { events: readonly unknown[]; duplicates: readonly string[]; shadow?: readonly string[] },
): Tally {
  const { problems } = receipt;
  if (problems.some(({ kind }) => kind !== "unfinished")) return tallyRequest(receipt, "problem");
  const isRepeat = events.length + shadow.length === 0 && duplicates.length > 0 && problems.length === 0;
  return tallyRequest(receipt, isRepeat ? "duplicate" : "accepted");
}

export function tallyRejection(rejection: Came): Tally {
  return tallyRequest(rejection, "refused");
}

function tallyRequest({ source, channel, receivedAt }: Came, outcome: RequestOutcome): Tally {
  const about = { source, channel, destination: "" };
  return { hour: hourOf(receivedAt), ...about, outcome, bucket: 0, count: 1, newest: receivedAt };
}

/**
 * The result of a lease. An attempt counts in the hour in which it ended. Null: there was none, and the
 * delivery is not parked.
 */
export function tallySettlement(
  destination: string,
  { attempt, outcome: { status }, at }: { attempt: Attempt | null; outcome: Outcome; at: number },
): Tally | null {
  if (!attempt) return status === "parked" ? tallyParked(destination, at) : null;
  const endedAt = attempt.startedAt + attempt.duration;
  const outcome = status === "pending" ? "failed" : status;
  return tallyDelivery(destination, outcome, endedAt, bucketOf(attempt.duration));
}

/** Deliveries that are parked without an attempt. */
export function tallyParked(destination: string, at: number, count = 1): Tally {
  return { ...tallyDelivery(destination, "parked", at, 0), count };
}

function tallyDelivery(destination: string, outcome: DeliveryOutcome, newest: number, bucket: number): Tally {
  const about = { source: "", channel: "", destination };
  return { hour: hourOf(newest), ...about, outcome, bucket, count: 1, newest };
}

function bucketOf(duration: number): number {
  const place = LATENCY_BOUNDS_MS.findIndex((bound) => duration <= bound);
  return place === -1 ? LATENCY_BUCKETS : place + 1;
}

/** One tally for each key, in the order in which the keys first appear. */
export function sumUp(tallies: readonly Tally[]): readonly Tally[] {
  if (tallies.length < 2) return tallies;
  const sums = new Map<string, Tally>();
  for (const tally of tallies) {
    const key = keyOf(tally);
    const sum = sums.get(key);
    if (sum) {
      sum.count += tally.count;
      sum.newest = Math.max(sum.newest, tally.newest);
    } else sums.set(key, { ...tally });
  }
  return [...sums.values()];
}

/** Names of sources, channels and destinations have no slash. */
function keyOf({ hour, source, channel, destination, outcome, bucket }: TallyKey): string {
  return `${hour}/${source}/${channel}/${destination}/${outcome}/${bucket}`;
}
