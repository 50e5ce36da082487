import type { Store } from "../store/store.ts";
import type { Dispatcher } from "./dispatch.ts";

type Successor = Pick<Dispatcher, "wake" | "applyStates">;

/**
 * The store for a dispatcher that a reload may replace. After that, `successor` gives the new dispatcher,
 * which is notified of the old one's writes: a settled or released delivery may free the next of its lane,
 * and a saved pause or breaker takes effect at once.
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
      // The state is saved, even if it cannot be read back at this moment.
      if (next) await store.destinations().then(next.applyStates, () => {});
    },
  };
}
