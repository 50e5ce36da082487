import type { Store } from "../store/store.ts";
import type { Dispatcher } from "./dispatch.ts";

type Successor = Pick<Dispatcher, "wake" | "applyStates">;

/**
 * The store of a dispatcher that a reload may replace. From then on there is a `successor`, and it is told of whatever the replaced
 * one still ends: a delivery that was settled or given back may let the next go, and a pause or breaker that it keeps holds at once.
 */
export function withHandover(store: Store, successor: () => Successor | null): Store {
  return {
    ...store,
    async settle(settlement) {
      const written = await store.settle(settlement);
      successor()?.wake();
      return written;
    },
    async release(leases, now) {
      await store.release(leases, now);
      successor()?.wake();
    },
    async saveDestination(name, state) {
      await store.saveDestination(name, state);
      const next = successor();
      // It is kept, whether it can be read again at this moment or not.
      if (next) await store.destinations().then(next.applyStates, () => {});
    },
  };
}
