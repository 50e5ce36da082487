import type { Lease } from "../store/port/queue.ts";
import type { Permit } from "./gate.ts";
import { storeBackoff } from "./retry-store-write.ts";

/**
 * The decisions of a destination's worker, without its effects: a state and an event give the next state, the
 * actions to carry out at once, and the store call whose answer is the next event. Pure: time is an argument.
 */

export interface WorkerState {
  /**
   * `scheduled`: a poll starts on the next turn of the event loop. `claiming`: a poll is asking the store.
   * `backing_off`: the store failed, and only the timer leads to the next poll. `stopped` and `dead` are
   * final.
   */
  phase: "idle" | "scheduled" | "claiming" | "backing_off" | "stopped" | "dead";
  /** Deliveries may be due that no claim has looked for yet. */
  wanted: boolean;
  /** Executions that have not ended: the attempt is running, or its result is being stored. */
  inFlight: number;
  /** Executions whose attempt has ended and whose result is being stored. */
  finishing: number;
  /** Attempts that may run side by side. */
  concurrency: number;
  /** Polls that failed in a row. */
  failures: number;
  /** When the last poll started or ended, milliseconds since 1970. */
  lastTickAt: number;
  /** `suspect`: stored due times may come from a clock that ran ahead. `set_back`: it did. */
  clock: "trusted" | "suspect" | "set_back";
}

export type WorkerEvent =
  /** Something may be due: an event was recorded, the destination was resumed, or an execution ended. */
  | { type: "woken" }
  | { type: "timerFired" }
  /** The gate may permit more or fewer attempts than before. */
  | { type: "permitChanged" }
  | { type: "attemptOver" }
  /** `wasFinishing` is false when the execution threw before its attempt was over. */
  | { type: "executionEnded"; wasFinishing: boolean }
  | { type: "pollStarted" }
  | { type: "broughtForward" }
  /** `leased` counts all leases; `fresh` are those of deliveries that are not in flight already. */
  | { type: "claimed"; limit: number; probe: boolean; leased: number; fresh: readonly Lease[] }
  /** `dueAt` as the store's `nextDueAt` gives it; `earliest` as in the call. */
  | { type: "nextDueKnown"; dueAt: number | null; earliest: number }
  | { type: "pollEnded" }
  | { type: "pollFailed"; error: unknown }
  | { type: "stopped" }
  | { type: "died"; error: unknown };

export type WorkerAction =
  | { do: "schedulePoll" }
  /** `at` in milliseconds since 1970. */
  | { do: "armTimer"; at: number }
  | { do: "disarmTimer" }
  | { do: "start"; leases: readonly Lease[]; probe: boolean }
  /** The leases came too late to be started. */
  | { do: "putBack"; leases: readonly Lease[] }
  | { do: "reportFailure"; failure: { error: unknown; failures: number; retryIn: number } }
  | { do: "reportDeath"; error: unknown };

export type StoreCall =
  | { ask: "bringForward"; now: number; seen: boolean }
  | { ask: "claim"; now: number; limit: number; probe: boolean }
  /** `earliest`: when to poll again although the due time has passed already, milliseconds since 1970. */
  | { ask: "nextDueAt"; earliest: number };

export interface Step {
  state: WorkerState;
  actions: readonly WorkerAction[];
  /** Null: the poll has nothing more to ask. */
  call: StoreCall | null;
}

interface Conditions {
  /** Milliseconds since 1970. */
  now: number;
  permit: Permit;
}

/**
 * The store says that something is due but leases nothing: another node has the lease or all of the capacity.
 */
const CONTENTION_PAUSE_MS = 1_000;

/** Corrections of a clock are smaller than this; a larger step back means that it was set back. */
const MAX_CORRECTION_MS = 60_000;

/** `seenAt`: when an earlier worker of this process last saw the clock; null: none, the clock is suspect. */
export function initialState({
  concurrency,
  seenAt,
  now,
}: {
  concurrency: number;
  seenAt: number | null;
  now: number;
}): WorkerState {
  return {
    phase: "idle",
    wanted: false,
    inFlight: 0,
    finishing: 0,
    concurrency,
    failures: 0,
    lastTickAt: seenAt ?? now,
    clock: seenAt === null ? "suspect" : "trusted",
  };
}

export function advance(state: WorkerState, event: WorkerEvent, conditions: Conditions): Step {
  switch (event.type) {
    case "woken":
      return schedule({ ...state, wanted: true }, conditions);
    case "timerFired":
      return schedule({ ...endBackOff(state), wanted: true }, conditions);
    case "permitChanged":
      return schedule(state, conditions);
    case "attemptOver":
      return schedule({ ...state, finishing: state.finishing + 1 }, conditions);
    case "executionEnded":
      return schedule(withoutExecution(state, event.wasFinishing), conditions);
    case "pollStarted":
      return startPoll(state, conditions);
    case "broughtForward":
      return claim({ ...state, clock: "trusted" }, conditions);
    case "claimed":
      return start(state, event);
    case "nextDueKnown":
      return waitForNext(state, event, conditions);
    case "pollEnded":
      return schedule({ ...leavePoll(state, "idle", conditions), failures: 0 }, conditions);
    case "pollFailed":
      return backOff(state, event.error, conditions);
    case "stopped":
      return step({ ...state, phase: state.phase === "dead" ? "dead" : "stopped" }, [{ do: "disarmTimer" }]);
    case "died":
      return step({ ...state, phase: "dead" }, [
        { do: "disarmTimer" },
        { do: "reportDeath", error: event.error },
      ]);
  }
}

/** Executions that wait for `settle` need no slot, up to twice the concurrency in all. */
export function freeSlots({ concurrency, inFlight, finishing }: WorkerState): number {
  return Math.min(concurrency + finishing, 2 * concurrency) - inFlight;
}

function step(
  state: WorkerState,
  actions: readonly WorkerAction[] = [],
  call: StoreCall | null = null,
): Step {
  return { state, actions, call };
}

/** A poll on the next turn of the event loop, so that one claim fills all slots that become free together. */
function schedule(state: WorkerState, { permit }: Conditions): Step {
  if (state.phase !== "idle" || !state.wanted || freeSlots(state) === 0) return step(state);
  if (permit.count > 0) return step({ ...state, phase: "scheduled" }, [{ do: "schedulePoll" }]);
  return step(state, [
    permit.retryAt === null ? { do: "disarmTimer" } : { do: "armTimer", at: permit.retryAt },
  ]);
}

function startPoll(before: WorkerState, conditions: Conditions): Step {
  const { now } = conditions;
  const clock = before.lastTickAt - now > MAX_CORRECTION_MS ? "set_back" : before.clock;
  const state: WorkerState = { ...before, phase: "claiming", wanted: false, clock, lastTickAt: now };
  const { state: next, call } =
    clock === "trusted"
      ? claim(state, conditions)
      : step(state, [], { ask: "bringForward", now, seen: clock === "set_back" });
  return step(next, [{ do: "disarmTimer" }], call);
}

function claim(state: WorkerState, { permit }: Conditions): Step {
  if (state.phase !== "claiming") return step(state);
  const limit = Math.min(freeSlots(state), permit.count);
  if (limit === 0) return step({ ...state, wanted: true });
  const { lastTickAt: now } = state;
  return step({ ...state, wanted: false }, [], { ask: "claim", now, limit, probe: permit.probe });
}

/** A full claim is followed by another one; a smaller one asks the store for the next due time. */
function start(
  state: WorkerState,
  { limit, probe, leased, fresh }: Extract<WorkerEvent, { type: "claimed" }>,
): Step {
  if (state.phase !== "claiming") return step(state, [{ do: "putBack", leases: fresh }]);
  const inFlight = state.inFlight + fresh.length;
  const actions: WorkerAction[] = [{ do: "start", leases: fresh, probe }];
  if (leased === limit) return step({ ...state, inFlight, wanted: true }, actions);
  const earliest = state.lastTickAt + (leased === 0 ? CONTENTION_PAUSE_MS : 0);
  return step({ ...state, inFlight }, actions, { ask: "nextDueAt", earliest });
}

function waitForNext(
  state: WorkerState,
  { dueAt, earliest }: Extract<WorkerEvent, { type: "nextDueKnown" }>,
  { now }: Conditions,
): Step {
  if (state.phase !== "claiming" || dueAt === null) return step(state);
  return step(state, [{ do: "armTimer", at: dueAt <= now ? Math.max(dueAt, earliest) : dueAt }]);
}

/** While the store fails, a poll at every wake-up would not bring it back sooner. */
function backOff(before: WorkerState, error: unknown, conditions: Conditions): Step {
  const state = leavePoll(before, "backing_off", conditions);
  if (state.phase !== "backing_off") return step(state);
  const failures = state.failures + 1;
  const retryIn = storeBackoff(failures);
  return step({ ...state, failures }, [
    { do: "armTimer", at: conditions.now + retryIn },
    { do: "reportFailure", failure: { error, failures, retryIn } },
  ]);
}

/** A stop or a death during the poll stays. */
function leavePoll(state: WorkerState, phase: "idle" | "backing_off", { now }: Conditions): WorkerState {
  return { ...state, lastTickAt: now, phase: state.phase === "claiming" ? phase : state.phase };
}

function endBackOff(state: WorkerState): WorkerState {
  return { ...state, phase: state.phase === "backing_off" ? "idle" : state.phase };
}

/** With the slot, the next delivery of the same ordering key may have become free. */
function withoutExecution(state: WorkerState, wasFinishing: boolean): WorkerState {
  const finishing = state.finishing - (wasFinishing ? 1 : 0);
  return { ...state, wanted: true, inFlight: state.inFlight - 1, finishing };
}

/** The state of one destination's worker, for health checks. */
export interface WorkerHealth {
  destination: string;
  /** False after an unexpected error: the worker does nothing more, and the process should be restarted. */
  alive: boolean;
  /** A poll is asking the store at this moment. */
  claiming: boolean;
  /** When the last poll started or ended, milliseconds since 1970. An idle worker does not tick. */
  lastTickAt: number;
}

export function healthOf(destination: string, { phase, lastTickAt }: WorkerState): WorkerHealth {
  return { destination, alive: phase !== "dead", claiming: phase === "claiming", lastTickAt };
}
