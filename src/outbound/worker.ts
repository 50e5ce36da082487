import type { Clock } from "../domain/clock.ts";
import type { Store } from "../store/store.ts";
import { createStoreCalls } from "./claim.ts";
import type { Deliver } from "./deliver.ts";
import type { Destination } from "./destination.ts";
import type { LiveState } from "./destination-state.ts";
import { createExecutions } from "./executions.ts";
import type { Observer } from "./observe.ts";
import type { AttemptTracer } from "./trace.ts";
import { createWakeTimer } from "./wake-timer.ts";
import {
  advance,
  healthOf,
  initialState,
  type StoreCall,
  type WorkerAction,
  type WorkerEvent,
  type WorkerHealth,
} from "./worker-state.ts";

export interface WorkerParts {
  store: Pick<Store, "bringForward" | "claim" | "settle" | "release" | "nextDueAt" | "saveDestination">;
  deliver: Deliver;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  observe: Observer;
  /** Absent: nothing is traced. */
  tracer?: AttemptTracer | undefined;
  /**
   * Called once a worker can do nothing more because of an unexpected error; the process should be restarted.
   */
  onDeath(destination: string, error: unknown): void;
  /**
   * When a worker of this process last saw the clock, by destination; absent or null: none has, at a start.
   */
  seenAt?(destination: string): number | null;
}

/** Executes the due deliveries of one destination. */
export interface DestinationWorker {
  /**
   * Something may be due. Calls within one turn of the event loop, and those during a poll, lead to one poll.
   */
  wake(): void;
  /** The gate may permit more or fewer attempts than before. */
  permitChanged(): void;
  /** Claims nothing more. Attempts in flight are interrupted after `graceMs` and not counted. */
  stop(graceMs: number): Promise<void>;
  health(): WorkerHealth;
}

/** Carries out what `worker-state.ts` decides. `gate` and `learn` of the live state belong to this worker. */
export function createDestinationWorker(
  destination: Destination,
  { seenAt, onDeath, ...parts }: WorkerParts & { liveState: LiveState },
): DestinationWorker {
  const { clock, observe, liveState } = parts;
  const { name, concurrency } = destination;
  const shutdown = new AbortController();
  const announce = (event: WorkerEvent) => void apply(event);
  const executions = createExecutions(destination, { ...parts, signal: shutdown.signal, announce });
  const ask = createStoreCalls(destination, { ...parts, ...executions });
  const onTimer = () => announce({ type: "timerFired" });
  const timer = createWakeTimer(clock, onTimer);
  let state = initialState({ concurrency, seenAt: seenAt?.(name) ?? null, now: clock.now() });
  let polling: Promise<void> = Promise.resolve();

  function apply(event: WorkerEvent): StoreCall | null {
    const now = clock.now();
    const step = advance(state, event, { now, permit: liveState.gate.ask(now) });
    state = step.state;
    for (const action of step.actions) perform(action);
    return step.call;
  }

  function perform(action: WorkerAction): void {
    if (action.do === "schedulePoll") schedule();
    else if (action.do === "armTimer") timer.set(action.at);
    else if (action.do === "disarmTimer") timer.off();
    else if (action.do === "start") executions.start(action.leases, action.probe);
    else if (action.do === "putBack") executions.putBack(action.leases);
    else if (action.do === "reportFailure") observe.claimFailed({ destination: name, ...action.failure });
    else reportDeath(action.error);
  }

  function reportDeath(error: unknown): void {
    onDeath(name, error);
    observe.died({ destination: name, error });
  }

  function schedule(): void {
    setImmediate(() => {
      if (state.phase === "scheduled") polling = poll();
    });
  }

  async function poll(): Promise<void> {
    try {
      let call = apply({ type: "pollStarted" });
      while (call !== null) call = apply(await ask(call));
      apply({ type: "pollEnded" });
    } catch (error) {
      apply({ type: "pollFailed", error });
    }
  }

  return {
    wake: () => announce({ type: "woken" }),
    permitChanged: () => announce({ type: "permitChanged" }),
    async stop(graceMs) {
      announce({ type: "stopped" });
      const cancelGrace = clock.after(graceMs, () => shutdown.abort());
      await polling;
      await executions.end();
      cancelGrace();
    },
    health: () => healthOf(name, state),
  };
}
