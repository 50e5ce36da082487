import { isThere } from "../domain/breaker.ts";
import type { Clock } from "../domain/clock.ts";
import type { Attempt, Outcome } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import type { DestinationState, Store } from "../store/store.ts";
import type { Destination } from "./destination.ts";
import { createGate, type Kept, type Leave } from "./gate.ts";
import { insist } from "./insist.ts";
import type { Observer } from "./observe.ts";

/** How one destination stands: what its tries and people say of it, told as it changes and kept over restarts. */
export interface Standing {
  /** How many tries may begin now. */
  ask(): Leave;
  /** So many began by this leave. */
  begin(many: number, leave: Leave): void;
  /** What a try says of the destination itself; to be called before anything more begins. Returns the failures in a row. */
  learn(attempt: Attempt, outcome: Outcome, probe: boolean): number;
  /** Writes down what was learnt and is not written yet, however long the store is away, until the stop's grace is over. */
  keep(): Promise<void>;
  /** Holds at once. Rejects when it cannot be kept: then it holds until the next restart only. */
  pause(reason: string): Promise<void>;
  /** The same. @throws CountersignError `bad_request` when it is the configuration that pauses it. */
  resume(): Promise<void>;
  state(): DestinationState;
}

interface Parts {
  store: Pick<Store, "keepDestination">;
  clock: Clock;
  observe: Observer;
  /** Aborted when a stop's grace is over. */
  signal: AbortSignal;
}

const GONE = "it answered 410 Gone";
const CONFIGURED = "the configuration says `paused: true`";

export function createStanding(destination: Destination, kept: Kept, parts: Parts): Standing {
  const { store, clock, observe, signal } = parts;
  const { name } = destination;
  const configured = destination.paused ? { at: clock.now(), reason: CONFIGURED } : null;
  const gate = createGate(destination, { ...kept, paused: kept.paused ?? configured }, clock.now());
  const unkept = new Set<keyof Kept>();

  const state = (): Kept => ({
    paused: gate.paused,
    breaker: gate.breaker.probeAt === null ? null : gate.breaker,
  });

  /** The newest, whatever it was when it had to be written first. */
  function newest(what: ReadonlySet<keyof Kept>): Partial<Kept> {
    const { paused, breaker } = state();
    return { ...(what.has("paused") && { paused }), ...(what.has("breaker") && { breaker }) };
  }

  function pause(reason: string): void {
    gate.pause({ at: clock.now(), reason });
    observe.paused({ destination: name, reason });
  }

  return {
    ask: () => gate.ask(clock.now()),
    begin: (many, leave) => gate.begin(many, leave, clock.now()),

    learn({ status }, outcome, probe) {
      const { failures: before } = gate.breaker;
      const change = gate.end({ answered: isThere(status), probe, at: clock.now() });
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
      const refused = (error: unknown, failures: number) =>
        observe.keepFailed({ destination: name, error, failures });
      await insist(() => store.keepDestination(name, newest(what)), { clock, signal, refused });
    },

    async pause(reason) {
      pause(reason);
      await store.keepDestination(name, newest(new Set(["paused"])));
    },

    async resume() {
      if (configured) {
        throw new CountersignError(
          "bad_request",
          `it is the configuration that pauses ${name}: remove \`paused: true\` from it and restart`,
        );
      }
      gate.resume(clock.now());
      observe.resumed({ destination: name });
      await store.keepDestination(name, newest(new Set(["paused", "breaker"])));
    },

    state: () => ({ name, ...state() }),
  };
}
