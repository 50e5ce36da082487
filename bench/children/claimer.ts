import { openStore } from "../../src/store/open.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { monotonic } from "../monotonic.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";

/** Claims and settles at a store's port as a worker does, without sending anything. */
let store: Store | null = null;
let destination = "";

/** Beyond the end of a measurement. */
const LEASE_MS = 600_000;
const SETTLE_MARGIN_MS = 30_000;

const calls = {
  async open(settings: Settings): Promise<void> {
    const { store: choice, destinations } = await configure(settings);
    store = await openStore(choice, () => {});
    const [first] = destinations;
    if (!first) throw new Error("no destination");
    destination = first.name;
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
export type ClaimerCalls = typeof calls;
answer(calls);

/** Claims as many as were settled: those of one turn of the event loop by one claim. */
async function deliver(from: Store, count: number, inFlight: number): Promise<void> {
  const unsettled = new Set<Promise<void>>();
  const capacity = { limit: inFlight, settleMargin: SETTLE_MARGIN_MS, finished: [] };
  for (let begun = 0; begun < count; ) {
    const now = Date.now();
    const limit = Math.min(inFlight - unsettled.size, count - begun);
    const leases = await from.claim({ destination, limit, now, until: now + LEASE_MS, capacity });
    if (leases.length === 0 && unsettled.size === 0)
      throw new Error(`nothing is due after ${begun} deliveries`);
    begun += leases.length;
    for (const lease of leases) {
      const work = settle(from, lease, now).finally(() => unsettled.delete(work));
      unsettled.add(work);
    }
    while (unsettled.size === inFlight || (unsettled.size > 0 && leases.length === 0))
      await Promise.race(unsettled);
    if (begun >= count) await Promise.all(unsettled);
  }
}

async function settle(from: Store, { delivery, token }: Lease, at: number): Promise<void> {
  const isSettled = await from.settle({
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
  if (!isSettled) throw new Error("a lease was lost");
}
