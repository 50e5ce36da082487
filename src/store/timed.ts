import type { Store } from "./store.ts";

/** The same store, which calls `onCall` after each call, resolved or not. `stopwatch` counts milliseconds. */
export function timed(
  store: Store,
  stopwatch: () => number,
  onCall: (operation: string, seconds: number) => void,
): Store {
  const operations = new Map<PropertyKey, unknown>();

  function time(operation: PropertyKey, call: (...given: unknown[]) => unknown) {
    return async (...given: unknown[]): Promise<unknown> => {
      const begun = stopwatch();
      try {
        return await Reflect.apply(call, store, given);
      } finally {
        onCall(String(operation), (stopwatch() - begun) / 1_000);
      }
    };
  }

  return new Proxy(store, {
    get(target, property) {
      const known = operations.get(property);
      if (known) return known;
      const value: unknown = Reflect.get(target, property);
      if (!isFunction(value)) return value;
      const timed = time(property, value);
      operations.set(property, timed);
      return timed;
    },
  });
}

function isFunction(value: unknown): value is (...given: unknown[]) => unknown {
  return typeof value === "function";
}
