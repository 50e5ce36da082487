import { type CourierHealth, createCourier, type Parts } from "./courier.ts";
import type { Destination } from "./destination.ts";

/** Sees to it that every due delivery is tried: one courier a destination, so that none waits for another's trouble. */
export interface Dispatcher {
  /** Looks for what is due from before, and from then on for whatever becomes due. */
  start(): void;
  /** There may be something new for these destinations; without names, for any. Cheap, and safe to call too often. */
  wake(names?: readonly string[]): void;
  /**
   * Takes on nothing more. What is in flight has `graceMs` milliseconds to end; then it is cut off and given back
   * without counting as a try. Resolves when nothing is out any more.
   */
  stop(options: { graceMs: number }): Promise<void>;
  health(): readonly CourierHealth[];
  pause(name: string, reason: string): Promise<void>;
  resume(name: string): Promise<void>;
}

export function createDispatcher({
  destinations,
  ...parts
}: Parts & { destinations: readonly Destination[] }): Dispatcher {
  const couriers = new Map(destinations.map((each) => [each.name, createCourier(each, parts)]));
  const wake = (names: Iterable<string> = couriers.keys()) => {
    for (const name of names) couriers.get(name)?.wake();
  };
  return {
    start: () => wake(),
    wake: (names) => wake(names),
    stop: async ({ graceMs }) => {
      await Promise.all([...couriers.values()].map((courier) => courier.stop(graceMs)));
    },
    pause: (name, reason) => parts.store.keepDestination(name, { paused: { at: parts.clock.now(), reason } }),
    resume: (name) => parts.store.keepDestination(name, { paused: null }),
    health: () => [...couriers.values()].map((courier) => courier.health()),
  };
}
