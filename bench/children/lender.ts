import { openStore } from "../../src/store/open.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { monotonic } from "../monotonic.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";

/** A store's port, asked for leases as a worker asks, with nothing sent in between. */
let store: Store | null = null;
let destination = "";

/** Well beyond the end of a measurement, and of the try itself; milliseconds. */
const LOAN = 600_000;
const MARGIN = 30_000;

const calls = {
  async open(settings: Settings): Promise<void> {
    const { store: choice, destinations } = await configure(settings);
    store = await openStore(choice, () => {});
    destination = destinations[0]?.name ?? "";
  },
  /** Claims and settles `count` deliveries, `inFlight` of them at a time. Microseconds for each. */
  async deliver({ count, inFlight }: { count: number; inFlight: number }): Promise<number> {
    if (!store) throw new Error("no store is open");
    const startedAt = monotonic();
    await deliver(store, count, inFlight);
    return ((monotonic() - startedAt) * 1_000) / count;
  },
  async close(_: null): Promise<void> {
    await store?.close();
  },
};
export type LenderCalls = typeof calls;
answer(calls);

/**
 * As many are claimed as have been written down: those that are, in one turn of the event loop, by one claim.
 */
async function deliver(from: Store, count: number, inFlight: number): Promise<void> {
  const out = new Set<Promise<void>>();
  const capacity = { limit: inFlight, settleMargin: MARGIN, finished: [] };
  for (let begun = 0; begun < count; ) {
    const now = Date.now();
    const limit = Math.min(inFlight - out.size, count - begun);
    const leases = await from.claim({ destination, limit, now, until: now + LOAN, capacity });
    if (leases.length === 0 && out.size === 0) throw new Error(`nothing is due after ${begun} deliveries`);
    begun += leases.length;
    for (const lease of leases) {
      const work = settle(from, lease, now).finally(() => out.delete(work));
      out.add(work);
    }
    while (out.size === inFlight || (out.size > 0 && leases.length === 0)) await Promise.race(out);
    if (begun >= count) await Promise.all(out);
  }
}

async function settle(from: Store, { delivery, token }: Lease, at: number): Promise<void> {
  const written = await from.settle({
    delivery: delivery.id,
    token,
    attempt: {
      number: delivery.attempts + 1,
      startedAt: at,
      duration: 0,
      cause: "answered",
      status: 200,
      answer: "ok",
      retryAfter: null,
    },
    outcome: { status: "delivered" },
    at,
  });
  if (!written) throw new Error("a lease was lost");
}
