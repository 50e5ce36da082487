import type { ClaimRequest, Lease, Queue } from "../store/port/queue.ts";
import type { Destination } from "./destination.ts";
import type { Observer } from "./observe.ts";
import type { StoreCall, WorkerEvent } from "./worker-state.ts";

/** A lease outlives the longest attempt by this much, for storing its result. */
const LEASE_MARGIN_MS = 30_000;
/** Attempts end this long before their leases, even if a claim was slow or the nodes' clocks differ. */
const SETTLE_MARGIN_MS = LEASE_MARGIN_MS / 2;

/** The most events in one post: some 150 KB of a form. The rest of a period follows at once in another. */
const MAX_BATCH_EVENTS = 1_000;

/** The longest time, in milliseconds, until a lease ends or a probe may go, unless the clock was set back. */
export function maxWaitMs({ timeout, breaker }: Pick<Destination, "timeout" | "breaker">): number {
  return Math.max(timeout + LEASE_MARGIN_MS, breaker.longest);
}

/** `finishing`: leases whose attempt is over and only waits for `settle`; they take no capacity. */
export function claimRequest(
  { name, concurrency, timeout, batch }: Pick<Destination, "name" | "concurrency" | "timeout" | "batch">,
  { now, limit, probe }: { now: number; limit: number; probe: boolean },
  finishing: readonly Lease[],
): ClaimRequest {
  return {
    destination: name,
    limit,
    now,
    until: now + timeout + LEASE_MARGIN_MS,
    probe,
    capacity: { limit: concurrency, settleMargin: SETTLE_MARGIN_MS, finished: finishing },
    ...(batch !== undefined && { batch: { period: batch, limit: MAX_BATCH_EVENTS } }),
  };
}

interface Parts {
  store: Pick<Queue, "bringForward" | "claim" | "nextDueAt">;
  observe: Pick<Observer, "broughtForward">;
  /** The leases in flight whose attempt is over. */
  finishing(): readonly Lease[];
  /** The claimed leases without those that belong to executions already in flight. */
  withoutRenewed(leases: readonly Lease[]): readonly Lease[];
}

/** Makes the calls of a poll; each is answered by one event. Rejects as the store does. */
export function createStoreCalls(destination: Destination, parts: Parts) {
  const { store, observe, finishing, withoutRenewed } = parts;
  const { name } = destination;

  return async function ask(call: StoreCall): Promise<WorkerEvent> {
    switch (call.ask) {
      case "bringForward": {
        const { now, seen } = call;
        const lease = maxWaitMs(destination);
        const count = await store.bringForward({ destination: name, now, lease, seen });
        if (count > 0) observe.broughtForward({ destination: name, count });
        return { type: "broughtForward" };
      }
      case "claim": {
        const { limit, probe } = call;
        const leases = await store.claim(claimRequest(destination, call, finishing()));
        return { type: "claimed", limit, probe, leased: leases.length, fresh: withoutRenewed(leases) };
      }
      case "nextDueAt":
        return { type: "nextDueKnown", dueAt: await store.nextDueAt(name), earliest: call.earliest };
    }
  };
}
