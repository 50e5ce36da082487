import { CountersignError } from "../domain/errors.ts";
import type { DestinationState } from "../store/store.ts";
import { type Courier, type CourierHealth, createCourier, type Parts } from "./courier.ts";
import type { Destination } from "./destination.ts";
import type { Kept } from "./gate.ts";

/** Sees to it that every due delivery is tried: one courier a destination, so that none waits for another's trouble. */
export interface Dispatcher {
  /** Looks for what is due from before, and from then on for whatever becomes due. */
  start(): void;
  /** There may be something new for these destinations; without names, for any. Cheap, and safe to call too often. */
  wake(names?: readonly string[]): void;
  /**
   * Nothing more is claimed for the destination, at once and over restarts; what is in flight ends.
   *
   * @throws CountersignError `not_found` for a name that is not configured, and whatever the store throws when it cannot keep
   * that: then it holds here only, until the next restart or reload.
   */
  pause(name: string, reason: string): Promise<void>;
  /** The same; `bad_request` when it is the configuration that pauses it. An open breaker probes at once. */
  resume(name: string): Promise<void>;
  /** What is kept of every destination by now counts from now on, whichever node kept it. What is not among `kept` is as new. */
  adopt(kept: readonly DestinationState[]): void;
  /** So many nodes divide every destination's rate from now on. */
  share(nodes: number): void;
  /**
   * Takes on nothing more. What is in flight has `graceMs` milliseconds to end; then it is cut off and given back
   * without counting as a try. Resolves when nothing is out any more.
   */
  stop(options: { graceMs: number }): Promise<void>;
  health(): readonly CourierHealth[];
  /** How every destination is at this moment: what is kept, and whether the configuration pauses it. */
  states(): readonly DestinationState[];
}

export interface DispatcherParts extends Parts {
  destinations: readonly Destination[];
  /** What was kept of them before the restart. */
  kept: readonly DestinationState[];
}

const NOTHING = { paused: null, breaker: null };

export function createDispatcher({ destinations, kept, ...parts }: DispatcherParts): Dispatcher {
  const couriers = new Map(
    destinations.map((each) => [each.name, createCourier(each, keptOf(each.name, kept), parts)]),
  );
  const all = () => [...couriers.values()];
  const wake = (names: Iterable<string> = couriers.keys()) => {
    for (const name of names) couriers.get(name)?.wake();
  };
  const courierOf = (name: string): Courier => {
    const courier = couriers.get(name);
    if (courier) return courier;
    throw new CountersignError("not_found", `there is no destination ${name}`);
  };
  return {
    start: () => wake(),
    wake: (names) => wake(names),
    pause: async (name, reason) => courierOf(name).pause(reason),
    resume: async (name) => courierOf(name).resume(),
    adopt(kept) {
      for (const [name, courier] of couriers) courier.adopt(keptOf(name, kept));
    },
    share(nodes) {
      for (const courier of all()) courier.share(nodes);
    },
    stop: async ({ graceMs }) => {
      await Promise.all(all().map((courier) => courier.stop(graceMs)));
    },
    health: () => all().map((courier) => courier.health()),
    states: () => all().map((courier) => courier.state()),
  };
}

function keptOf(name: string, kept: readonly DestinationState[]): Kept {
  const { paused, breaker } = kept.find((one) => one.name === name) ?? NOTHING;
  return { paused, breaker };
}
