import { percentile } from "../../bench/statistics.ts";
import type { Attempt, Delivery } from "../../src/domain/delivery.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { comesTrue, findHistory, listDestinations, listPending } from "./admin.ts";
import { MAX_PAUSE_MS } from "./config.ts";
import type { Receiver } from "./receivers.ts";

/** How soon a bridge recovers from a kill: when it attempts what is pending at its restart. */

/** The milliseconds from ready to the first attempt, over the deliveries of all measured restarts. */
export interface Recovery {
  /** The number of these deliveries. */
  measured: number;
  /** Null, as the others: no delivery was measured. */
  p50: number | null;
  p99: number | null;
  longest: number | null;
}

export function summarize(times: readonly number[]): Recovery {
  const notExceededBy = (share: number) => (times.length > 0 ? percentile(times, share) : null);
  return {
    measured: times.length,
    p50: notExceededBy(0.5),
    p99: notExceededBy(0.99),
    longest: notExceededBy(1),
  };
}

/** A restart after a kill, in milliseconds of `performance.now()`, as the receivers note arrivals. */
export interface Restart {
  /** When the killed process had ended. */
  killedAt: number;
  /** When the new process accepted requests. */
  readyAt: number;
}

/** Longer than a lease, which is the timeout of the destination (here 1 s) and 30 s. */
const MAX_WAIT_MS = 45_000;
/** The bridge is asked nothing in this time after its start, so that the questions do not slow it down. */
const QUIET_MS = 1_000;
const POLL_MS = 250;
/** An attempt of the killed process may reach its receiver this long after the end of the process. */
const MAX_TRANSIT_MS = 100;

/**
 * Waits until each delivery that should be attempted at once is attempted, and returns the times from ready
 * to their first attempts. The time of one that is not attempted within `MAX_WAIT_MS` is that limit.
 */
export async function timeFirstAttempts(
  adminUrl: string,
  receivers: readonly Receiver[],
  { killedAt, readyAt }: Restart,
): Promise<number[]> {
  const since = killedAt + MAX_TRANSIT_MS;
  /** The time since 1970 of the zero of `performance.now()`. */
  const zero = Date.now() - performance.now();
  const times: number[] = [];
  const isWatched = ({ destination }: Delivery) => receivers.some(({ name }) => name === destination);
  let waiting = selectAwaited(await takeSnapshot(adminUrl, zero + readyAt)).filter(isWatched);

  /** True: there is nothing more to wait for. */
  async function isOver(delivery: Delivery): Promise<boolean> {
    const arrivedAt = firstArrival(delivery, receivers, since);
    const history = await findHistory(adminUrl, delivery);
    if (wasInFlight(delivery, history, zero + since)) return true;
    if (arrivedAt === null) return false;
    times.push(Math.max(0, arrivedAt - readyAt));
    return true;
  }

  async function areOver(): Promise<boolean> {
    const rest: Delivery[] = [];
    for (const delivery of waiting) if (!(await isOver(delivery))) rest.push(delivery);
    waiting = rest;
    return rest.length === 0;
  }

  await comesTrue(() => waiting.every((one) => firstArrival(one, receivers, since) !== null), QUIET_MS);
  await comesTrue(areOver, MAX_WAIT_MS - QUIET_MS, POLL_MS);
  return [...times, ...waiting.map(() => MAX_WAIT_MS)];
}

/** The pending deliveries right after a restart, with times in milliseconds since 1970, as they have them. */
export interface Snapshot {
  readyAt: number;
  /** When the lists were complete. */
  listedAt: number;
  deliveries: readonly Delivery[];
  destinations: readonly Pick<DestinationState, "name" | "breaker">[];
}

async function takeSnapshot(adminUrl: string, readyAt: number): Promise<Snapshot> {
  const [deliveries, destinations] = await Promise.all([listPending(adminUrl), listDestinations(adminUrl)]);
  return { readyAt, listedAt: Date.now(), deliveries, destinations };
}

/**
 * The deliveries that were due when the bridge was ready, or leased, as those that the killed process had in
 * flight. Those are left out that were recorded later, wait for the pause before their next attempt, or wait
 * for the next probe of a circuit breaker.
 */
export function selectAwaited({ readyAt, listedAt, deliveries, destinations }: Snapshot): Delivery[] {
  const isBetween = (at: number | null, limit: number) => at !== null && at > readyAt && at <= limit;
  const nextPause = listedAt + MAX_PAUSE_MS;
  const pausing = new Set(
    destinations
      .filter(({ breaker }) => breaker && isBetween(breaker.probeAt, nextPause))
      .map(({ name }) => name),
  );
  return deliveries.filter(
    ({ destination, attempts, dueAt }) =>
      !pausing.has(destination) && !isBetween(dueAt, attempts > 0 ? nextPause : listedAt),
  );
}

/**
 * Another node had it in flight at the kill: an attempt was recorded since the snapshot and began before
 * `since`, in milliseconds since 1970.
 */
export function wasInFlight({ attempts }: Delivery, history: readonly Attempt[], since: number): boolean {
  return history.some(({ number, startedAt }) => number > attempts && startedAt < since);
}

/** Null: it has not arrived since then. */
export function firstArrival(
  { event, destination }: Delivery,
  receivers: readonly Pick<Receiver, "name" | "arrivals">[],
  since: number,
): number | null {
  const receiver = receivers.find(({ name }) => name === destination);
  return receiver?.arrivals.get(event)?.moments.find((at) => at > since) ?? null;
}
