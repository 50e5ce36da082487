import { CountersignError } from "../domain/errors.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Destination } from "./destination.ts";
import {
  createLiveState,
  type LiveState,
  type LiveStateParts,
  type OperatorControls,
} from "./destination-state.ts";
import type { SavedState } from "./gate.ts";
import { createDestinationWorker, type DestinationWorker, type WorkerParts } from "./worker.ts";
import type { WorkerHealth } from "./worker-state.ts";

/** Attempts every due delivery: one worker per destination, so that no destination waits for another. */
export interface Dispatcher {
  /** Looks for deliveries that are due already, and from then on for those that become due. */
  start(): void;
  /**
   * Something may be due for these destinations; without names, for any. Cheap; unknown names are ignored.
   */
  wake(names?: readonly string[]): void;
  /** @throws CountersignError `not_found` for a name that is not configured. */
  controlsOf(name: string): OperatorControls;
  /** Takes over the saved states of all destinations; one without a saved state is reset. */
  applyStates(saved: readonly DestinationState[]): void;
  /** Every destination's rate is divided by this number of nodes. */
  setNodeCount(nodes: number): void;
  /**
   * Claims nothing more. Attempts in flight are interrupted after `graceMs` milliseconds and released without
   * being counted. Resolves when nothing is in flight any more.
   */
  stop(options: { graceMs: number }): Promise<void>;
  health(): readonly WorkerHealth[];
  /** The current state of every destination, including a pause by the configuration. */
  states(): readonly DestinationState[];
}

export interface DispatcherParts extends WorkerParts, Pick<LiveStateParts, "breakerChanged" | "shared"> {
  destinations: readonly Destination[];
  /** The saved states from before the start. */
  saved: readonly DestinationState[];
}

export function createDispatcher({ destinations, saved, ...parts }: DispatcherParts): Dispatcher {
  const running = new Map(
    destinations.map((each) => [each.name, run(each, savedStateOf(each.name, saved), parts)]),
  );
  const wake = (names: Iterable<string> = running.keys()) => {
    for (const name of names) running.get(name)?.worker.wake();
  };
  const all = () => [...running.values()];
  return {
    start: () => wake(),
    wake,
    controlsOf(name) {
      const found = running.get(name);
      if (found) return found.liveState;
      throw new CountersignError("not_found", `there is no destination ${name}`);
    },
    applyStates(saved) {
      for (const [name, { liveState }] of running) liveState.applyState(savedStateOf(name, saved));
    },
    setNodeCount(nodes) {
      for (const { liveState, worker } of all()) {
        liveState.gate.setNodeCount(nodes, parts.clock.now());
        worker.permitChanged();
      }
    },
    stop: async ({ graceMs }) => {
      await Promise.all(all().map(({ worker }) => worker.stop(graceMs)));
    },
    health: () => all().map(({ worker }) => worker.health()),
    states: () => all().map(({ liveState }) => liveState.current()),
  };
}

interface Running {
  liveState: LiveState;
  worker: DestinationWorker;
}

function run(
  destination: Destination,
  saved: SavedState,
  parts: Omit<DispatcherParts, "destinations" | "saved">,
): Running {
  const liveState = createLiveState(destination, saved, { ...parts, onChange: () => worker.wake() });
  const worker = createDestinationWorker(destination, { ...parts, liveState });
  return { liveState, worker };
}

function savedStateOf(name: string, saved: readonly DestinationState[]): SavedState {
  const { paused = null, breaker = null } = saved.find((one) => one.name === name) ?? {};
  return { paused, breaker };
}
