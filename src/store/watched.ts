import type { Store } from "./store.ts";

/** A store, and whether calls of it that may make deliveries are under way. */
export interface Watched {
  store: Store;
  /** Resolves when all such calls that are under way at this moment have ended, well or not. */
  settled(): Promise<void>;
}

/** Watches what makes deliveries due: a reload waits for those calls before it parks what is open for destinations that are gone. */
export function watched(store: Store): Watched {
  const underWay = new Set<Promise<unknown>>();

  function watch<T>(call: Promise<T>): Promise<T> {
    const forget = () => void underWay.delete(call);
    underWay.add(call);
    call.then(forget, forget);
    return call;
  }

  return {
    store: {
      ...store,
      record: (recording) => watch(store.record(recording)),
      amend: (recording) => watch(store.amend(recording)),
      replay: (...given) => watch(store.replay(...given)),
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
  };
}
