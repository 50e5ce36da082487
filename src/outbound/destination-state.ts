import { isDeepStrictEqual } from "node:util";
import { type Breaker, CLOSED, isAvailable } from "../domain/breaker.ts";
import type { Clock } from "../domain/clock.ts";
import { type Attempt, answeredWith, type Outcome } from "../domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../domain/destination.ts";
import { CountersignError } from "../domain/errors.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";
import { createGate, type Gate, type SavedState } from "./gate.ts";
import type { Observer } from "./observe.ts";
import { createStateWriter } from "./state-writer.ts";

/** An operator's commands. Both take effect at once and are persisted. */
export interface OperatorControls {
  /**
   * Stops claiming; attempts in flight end.
   *
   * @throws the store's error when the pause cannot be persisted: it then holds in this process only, until
   * the next restart or reload.
   */
  pause(reason: string): Promise<void>;
  /**
   * @throws CountersignError `bad_request` when the configuration pauses the destination; the store's error
   * as in `pause`.
   */
  resume(): Promise<void>;
}

/**
 * Pause, circuit breaker and rate of one running destination: changed by attempts, operators and other nodes.
 * Pause and breaker are persisted, and changes are reported to the observer.
 */
export interface LiveState extends OperatorControls {
  readonly gate: Pick<Gate, "ask" | "begin" | "release" | "setNodeCount">;
  /** Counts an attempt, before another one starts. Returns the destination's failures in a row. */
  learn(attempt: Attempt, outcome: Outcome, probe: boolean): number;
  /** Persists what `learn` changed, with retries until `signal` is aborted. */
  save(signal: AbortSignal): Promise<void>;
  /** Takes over a state that another node or process may have saved, after own changes are persisted. */
  applyState(saved: SavedState): void;
  current(): DestinationState;
}

export interface LiveStateParts {
  store: Pick<Store, "saveDestination">;
  clock: Clock;
  observe: Observer;
  /** Other nodes may send to the destination: a rate permits nothing before their number is known. */
  shared?: boolean;
  /** An attempt changed the circuit breaker, for whoever keeps its history; absent: nobody does. */
  breakerChanged?(destination: string, before: Breaker, after: Breaker): void;
  /** More or fewer attempts may start than before, because of an operator or another node. */
  onChange(): void;
}

const GONE = "it answered 410 Gone";

export function createLiveState(
  destination: Destination,
  saved: SavedState,
  { store, clock, observe, shared = false, breakerChanged, onChange }: LiveStateParts,
): LiveState {
  const { name } = destination;
  const configuredPause = destination.paused ? { at: clock.now(), reason: PAUSED_BY_CONFIGURATION } : null;
  const withConfiguredPause = (given: SavedState) => ({ ...given, paused: given.paused ?? configuredPause });
  const gate = createGate(destination, withConfiguredPause(saved), clock.now(), shared ? null : 1);
  const writer = createStateWriter({ destination: name, store, clock, observe, current, apply });
  /** An operator's pause that is not persisted: a saved state does not end it. */
  let pausedHere = false;

  function current(): SavedState {
    return { paused: gate.paused, breaker: gate.breaker.probeAt === null ? null : gate.breaker };
  }

  function apply(given: SavedState): void {
    const before = current();
    gate.applyState(pausedHere ? { ...given, paused: before.paused } : withConfiguredPause(given));
    if (isDeepStrictEqual(before, current())) return;
    reportChanges(name, before, current(), observe);
    onChange();
  }

  function pauseNow(reason: string): void {
    gate.pause({ at: clock.now(), reason });
    observe.paused({ destination: name, reason });
  }

  return {
    gate,
    learn(attempt, outcome, probe) {
      const before = gate.breaker;
      const answered = isAvailable(answeredWith(attempt));
      const signal = { answered, tokenless: attempt.cause === "token", probe, at: clock.now() };
      if (gate.end(signal) !== null) writer.mark("breaker");
      reportBreaker(name, before, gate.breaker, observe);
      breakerChanged?.(name, before, gate.breaker);
      if (outcome.status === "parked" && outcome.reason === "gone" && gate.paused === null) {
        writer.mark("paused");
        pauseNow(GONE);
      }
      return gate.breaker.failures;
    },
    save: writer.flush,
    async pause(reason) {
      pauseNow(reason);
      pausedHere = true;
      await writer.write(["paused"], () => {
        pausedHere = false;
      });
    },
    async resume() {
      if (configuredPause) throw pausedByConfiguration(name);
      gate.resume(clock.now());
      pausedHere = false;
      observe.resumed({ destination: name });
      const written = writer.write(["paused", "breaker"]);
      onChange();
      // A store that several nodes share leases nothing before it has the resumed state.
      await written.finally(onChange);
    },
    applyState: writer.receive,
    current: () => ({ name, ...current() }),
  };
}

function reportChanges(destination: string, before: SavedState, after: SavedState, observe: Observer): void {
  if (after.paused && !before.paused) observe.paused({ destination, reason: after.paused.reason });
  if (before.paused && !after.paused) observe.resumed({ destination });
  reportBreaker(destination, before.breaker ?? CLOSED, after.breaker ?? CLOSED, observe);
}

function reportBreaker(destination: string, before: Breaker, after: Breaker, observe: Observer): void {
  const { failures, probeAt, failing } = after;
  if (before.probeAt === null && probeAt !== null)
    observe.breakerOpened({ destination, failures, failing, probeAt });
  if (before.probeAt !== null && probeAt === null)
    observe.breakerClosed({ destination, failures: before.failures });
}

function pausedByConfiguration(name: string): CountersignError {
  return new CountersignError(
    "bad_request",
    `it is the configuration that pauses ${name}: remove \`paused: true\` from it and reload`,
  );
}
