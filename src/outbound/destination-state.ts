import { isDeepStrictEqual } from "node:util";
import { isAvailable } from "../domain/breaker.ts";
import type { Clock } from "../domain/clock.ts";
import { type Attempt, answeredWith, type Outcome } from "../domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../domain/destination.ts";
import { CountersignError } from "../domain/errors.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";
import { createGate, type Permit, type SavedState } from "./gate.ts";
import type { Observer } from "./observe.ts";
import { retryStoreWrite } from "./retry-store-write.ts";

/** How one destination stands: what tries and people say of it, here and at other nodes, told as it changes and kept over restarts. */
export interface LiveState {
  /** How many tries may begin now. */
  ask(): Permit;
  /** So many began by this leave. */
  begin(many: number, leave: Permit): void;
  /** What a try says of the destination itself; to be called before anything more begins. Returns the failures in a row. */
  learn(attempt: Attempt, outcome: Outcome, probe: boolean): number;
  /** Nothing was sent after all, so that there is nothing to learn. */
  release(leave: Pick<Permit, "probe">): void;
  /** Writes down what was learnt and is not written yet, however long the store is away, until the stop's grace is over. */
  keep(): Promise<void>;
  /** Holds at once. Rejects when it cannot be kept: then it holds here only, until the next restart. */
  pause(reason: string): Promise<void>;
  /** The same. @throws CountersignError `bad_request` when it is the configuration that pauses it. */
  resume(): Promise<void>;
  /** Takes over what is kept by now, unless something of its own is on the way there: then, that first. */
  applyState(kept: SavedState): void;
  /** So many nodes divide the rate. */
  setNodeCount(nodes: number): void;
  state(): DestinationState;
}

interface Parts {
  store: Pick<Store, "saveDestination">;
  clock: Clock;
  observe: Observer;
  /** Other nodes may send to it as well. */
  shared?: boolean;
  /** Aborted when a stop's grace is over. */
  signal: AbortSignal;
  /** Something else was adopted than what was known: more may begin now, or less. */
  turned(): void;
}

const GONE = "it answered 410 Gone";

export function createLiveState(destination: Destination, kept: SavedState, parts: Parts): LiveState {
  const { store, clock, observe, shared = false, signal, turned } = parts;
  const { name } = destination;
  const configured = destination.paused ? { at: clock.now(), reason: PAUSED_BY_CONFIGURATION } : null;
  const asKept = (given: SavedState): SavedState => ({ ...given, paused: given.paused ?? configured });
  const gate = createGate(destination, asKept(kept), clock.now(), shared ? null : 1);
  /** What was learnt and has to be written. */
  const unkept = new Set<keyof SavedState>();
  /** A pause that the store has not taken: what others keep does not undo it. */
  let pausedHere = false;
  let writing = 0;
  /** What was heard last while something was being written, and is adopted after that. */
  let missed: SavedState | null = null;

  const state = (): SavedState => ({
    paused: gate.paused,
    breaker: gate.breaker.probeAt === null ? null : gate.breaker,
  });

  /** The newest, whatever it was when it had to be written first. */
  function newest(what: ReadonlySet<keyof SavedState>): Partial<SavedState> {
    const { paused, breaker } = state();
    return { ...(what.has("paused") && { paused }), ...(what.has("breaker") && { breaker }) };
  }

  /** Who keeps something hears of it as well: what was heard before that is of no use any more. */
  async function write(what: ReadonlySet<keyof SavedState>, persist = once): Promise<void> {
    writing += 1;
    const put = () => {
      missed = null;
      return store.saveDestination(name, newest(what));
    };
    try {
      await persist(put);
    } finally {
      writing -= 1;
      if (missed !== null) applyState(missed);
    }
  }

  const persistently = (put: () => Promise<void>) =>
    retryStoreWrite(put, {
      clock,
      signal,
      onFailure: (error, failures) => observe.keepFailed({ destination: name, error, failures }),
    });

  function applyState(given: SavedState): void {
    const mine = writing > 0 || unkept.size > 0;
    missed = mine ? given : null;
    if (mine) return;
    const before = state();
    gate.applyState(pausedHere ? { ...given, paused: before.paused } : asKept(given));
    if (isDeepStrictEqual(before, state())) return;
    tell(before, state());
    turned();
  }

  function tell(before: SavedState, now: SavedState): void {
    if (now.paused && !before.paused) observe.paused({ destination: name, reason: now.paused.reason });
    if (before.paused && !now.paused) observe.resumed({ destination: name });
    if (now.breaker && !before.breaker) observe.breakerOpened({ destination: name, ...now.breaker });
    if (before.breaker && !now.breaker)
      observe.breakerClosed({ destination: name, failures: before.breaker.failures });
  }

  function pause(reason: string): void {
    gate.pause({ at: clock.now(), reason });
    observe.paused({ destination: name, reason });
  }

  return {
    ask: () => gate.ask(clock.now()),
    begin: (many, leave) => gate.begin(many, leave, clock.now()),

    release: gate.release,

    learn(attempt, outcome, probe) {
      const { failures: before } = gate.breaker;
      const answered = isAvailable(answeredWith(attempt));
      const change = gate.end({ answered, probe, at: clock.now() });
      const { failures, probeAt } = gate.breaker;
      if (change !== null) unkept.add("breaker");
      if (change === "opened") observe.breakerOpened({ destination: name, failures, probeAt });
      if (change === "closed") observe.breakerClosed({ destination: name, failures: before });
      if (outcome.status === "parked" && outcome.reason === "gone" && gate.paused === null) {
        unkept.add("paused");
        pause(GONE);
      }
      return failures;
    },

    async keep() {
      if (unkept.size === 0) return;
      const what = new Set(unkept);
      unkept.clear();
      await write(what, persistently);
    },

    async pause(reason) {
      pause(reason);
      pausedHere = true;
      await write(new Set(["paused"]), async (put) => {
        await put();
        pausedHere = false;
      });
    },

    async resume() {
      if (configured) {
        throw new CountersignError(
          "bad_request",
          `it is the configuration that pauses ${name}: remove \`paused: true\` from it and reload`,
        );
      }
      gate.resume(clock.now());
      pausedHere = false;
      observe.resumed({ destination: name });
      await write(new Set(["paused", "breaker"]));
    },

    applyState,
    setNodeCount: (nodes) => gate.setNodeCount(nodes, clock.now()),
    state: () => ({ name, ...state() }),
  };
}

const once = (put: () => Promise<void>): Promise<unknown> => put();
