import type { Store } from "./store.ts";

/** A store whose calls that may make deliveries due are watched. */
export interface Watched {
  store: Store;
  /** Resolves when all such calls that are under way now have ended, resolved or not. */
  settled(): Promise<void>;
}

/**
 * A reload waits for these calls before it parks the open deliveries of removed destinations: a call may
 * still use the old configuration.
 */
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
      record: (request) => watch(store.record(request)),
      amend: (request) => watch(store.amend(request)),
      replay: (...given) => watch(store.replay(...given)),
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
  };
}
