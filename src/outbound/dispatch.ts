import { CountersignError } from "../domain/errors.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Destination } from "./destination.ts";
import type { SavedState } from "./gate.ts";
import {
  createDestinationWorker,
  type DestinationWorker,
  type WorkerHealth,
  type WorkerParts,
} from "./worker.ts";

/** Sees to it that every due delivery is tried: one worker a destination, so that none waits for another's trouble. */
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
  applyStates(kept: readonly DestinationState[]): void;
  /** So many nodes divide every destination's rate from now on. */
  setNodeCount(nodes: number): void;
  /**
   * Takes on nothing more. What is in flight has `graceMs` milliseconds to end; then it is cut off and given back
   * without counting as a try. Resolves when nothing is out any more.
   */
  stop(options: { graceMs: number }): Promise<void>;
  health(): readonly WorkerHealth[];
  /** How every destination is at this moment: what is kept, and whether the configuration pauses it. */
  states(): readonly DestinationState[];
}

export interface DispatcherParts extends WorkerParts {
  destinations: readonly Destination[];
  /** What was kept of them before the restart. */
  kept: readonly DestinationState[];
}

const NOTHING = { paused: null, breaker: null };

export function createDispatcher({ destinations, kept, ...parts }: DispatcherParts): Dispatcher {
  const workers = new Map(
    destinations.map((each) => [each.name, createDestinationWorker(each, keptOf(each.name, kept), parts)]),
  );
  const all = () => [...workers.values()];
  const wake = (names: Iterable<string> = workers.keys()) => {
    for (const name of names) workers.get(name)?.wake();
  };
  const workerOf = (name: string): DestinationWorker => {
    const worker = workers.get(name);
    if (worker) return worker;
    throw new CountersignError("not_found", `there is no destination ${name}`);
  };
  return {
    start: () => wake(),
    wake: (names) => wake(names),
    pause: async (name, reason) => workerOf(name).pause(reason),
    resume: async (name) => workerOf(name).resume(),
    applyStates(kept) {
      for (const [name, worker] of workers) worker.applyState(keptOf(name, kept));
    },
    setNodeCount(nodes) {
      for (const worker of all()) worker.setNodeCount(nodes);
    },
    stop: async ({ graceMs }) => {
      await Promise.all(all().map((worker) => worker.stop(graceMs)));
    },
    health: () => all().map((worker) => worker.health()),
    states: () => all().map((worker) => worker.state()),
  };
}

function keptOf(name: string, kept: readonly DestinationState[]): SavedState {
  const { paused, breaker } = kept.find((one) => one.name === name) ?? NOTHING;
  return { paused, breaker };
}
