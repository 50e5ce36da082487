import type { Attempt } from "../../src/domain/delivery.ts";
import type { Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock, settled } from "../support/clock.ts";
import { createQueueStore, type QueueStore } from "./queue-store.ts";

/** An attempt that a test ends by hand. */
interface ManualAttempt {
  destination: string;
  /** The number in the event's name. */
  event: number;
  number: number;
  replayed: boolean;
  /** null: without an answer. */
  end(status: number | null): Promise<void>;
}

/** A real dispatcher over a store in memory, whose attempts a test ends by hand on a clock that it moves. */
export interface DispatcherHarness {
  clock: ManualClock;
  store: QueueStore;
  /** In the order in which they began. */
  attempts: readonly ManualAttempt[];
  /** The destinations whose worker announced its death. */
  deaths: readonly string[];
  /** The methods of the observer that the dispatcher called, in order. */
  observed: readonly (keyof Observer)[];
  observe: Observer;
  readonly dispatcher: Dispatcher;
  /** Starts a new dispatcher with the saved states; the one before is not stopped. */
  start(
    destinations: readonly Destination[],
    given?: { deliver?: Deliver; observe?: Observer; shared?: boolean },
  ): Promise<void>;
  wake(names?: readonly string[]): Promise<void>;
  /** Ends every running attempt with this status. */
  endAll(status: number | null): Promise<void>;
  /** The events of the attempts, in the order in which they began. */
  begun(): readonly number[];
  statuses(): Promise<readonly string[]>;
  /** Stops the dispatcher, without grace. */
  stop(): Promise<void>;
  /** The same, and closes the store. */
  clear(): Promise<void>;
}

export function createDispatcherHarness(): DispatcherHarness {
  const clock = createManualClock(NEW_YEAR);
  const store = createQueueStore();
  const attempts: (ManualAttempt & { ended: boolean })[] = [];
  const observed: (keyof Observer)[] = [];
  const observe = recordingObserver(observed);
  const deaths: string[] = [];
  const onDeath = (destination: string) => void deaths.push(destination);
  let dispatcher: Dispatcher | undefined;

  const deliverByHand: Deliver = (destination, event, number, { signal, replayed = false } = {}) =>
    new Promise((resolve) => {
      const startedAt = clock.now();
      const end = (ending: Pick<Attempt, "cause" | "status">) => {
        one.ended = true;
        const duration = clock.now() - startedAt;
        resolve({ number, startedAt, duration, answer: null, retryAfter: null, ...ending });
      };
      const one = {
        destination: destination.name,
        event: Number(event.id.slice(4)),
        number,
        replayed,
        ended: false,
        async end(status: number | null) {
          end({ cause: status === null ? "timeout" : "answered", status });
          await settled();
        },
      };
      signal?.addEventListener("abort", () => end({ cause: "interrupted", status: null }));
      attempts.push(one);
    });

  async function stop(): Promise<void> {
    const stopped = dispatcher?.stop({ graceMs: 0 });
    await clock.advance(1);
    await stopped;
  }

  return {
    clock,
    store,
    attempts,
    observed,
    deaths,
    observe,
    get dispatcher() {
      if (!dispatcher) throw new Error("nothing has been started");
      return dispatcher;
    },
    async start(destinations, given) {
      const parts = { store, clock, random: () => 0, deliver: deliverByHand, observe, onDeath, ...given };
      dispatcher = createDispatcher({ ...parts, destinations, saved: await store.destinations() });
      dispatcher.start();
      await settled();
    },
    async wake(names) {
      dispatcher?.wake(names);
      await settled();
    },
    async endAll(status) {
      await Promise.all(attempts.filter(({ ended }) => !ended).map((one) => one.end(status)));
    },
    begun: () => attempts.map(({ event }) => event),
    statuses: async () => (await store.deliveries()).map(({ status }) => status),
    stop,
    async clear() {
      await stop();
      await store.close();
    },
  };
}

/** An observer that adds the name of each called method. */
export function recordingObserver(observed: (keyof Observer)[]): Observer {
  const note = (what: keyof Observer) => () => void observed.push(what);
  return {
    attempted: note("attempted"),
    unsupported: note("unsupported"),
    leaseLost: note("leaseLost"),
    breakerOpened: note("breakerOpened"),
    breakerClosed: note("breakerClosed"),
    paused: note("paused"),
    resumed: note("resumed"),
    broughtForward: note("broughtForward"),
    claimFailed: note("claimFailed"),
    settleFailed: note("settleFailed"),
    keepFailed: note("keepFailed"),
    releaseFailed: note("releaseFailed"),
    died: note("died"),
  };
}
