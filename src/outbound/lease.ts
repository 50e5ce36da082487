import type { Lease } from "../store/port/queue.ts";
import type { Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";

/** A lease outlives the try by this much, for writing down what came of it. Milliseconds. */
const LEASE_MARGIN_MS = 30_000;
/** So long before a lease's end its try is over, also where the claim was slow and nodes' clocks differ. Milliseconds. */
const SETTLE_MARGIN_MS = LEASE_MARGIN_MS / 2;

/** A lease ends, and a probe goes, within so many milliseconds, unless the clock was set back. */
export function longestWait({ timeout, breaker }: Pick<Destination, "timeout" | "breaker">): number {
  return Math.max(timeout + LEASE_MARGIN_MS, breaker.longest);
}

/** What the store is asked for: up to `limit` leases, of which one may be a `probe`, while those in `over` are only to be written down. */
export function leaseRequest(
  { name, concurrency, timeout }: Pick<Destination, "name" | "concurrency" | "timeout">,
  { now, limit, probe, finished }: { now: number; limit: number; probe: boolean; finished: readonly Lease[] },
): Parameters<Store["claim"]>[0] {
  const until = now + timeout + LEASE_MARGIN_MS;
  return {
    destination: name,
    limit,
    now,
    until,
    probe,
    capacity: { limit: concurrency, settleMargin: SETTLE_MARGIN_MS, finished },
  };
}
