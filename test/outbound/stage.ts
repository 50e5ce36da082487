import type { Attempt } from "../../src/domain/delivery.ts";
import type { Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock, settled } from "../support/clock.ts";
import { createQueueStore, type QueueStore } from "./queue-store.ts";

/** A try that a test ends by hand. */
interface Try {
  destination: string;
  /** The number in the event's name. */
  event: number;
  number: number;
  replayed: boolean;
  /** null: there was no answer. */
  end(status: number | null): Promise<void>;
}

/** A real dispatcher over a store in memory, whose tries a test ends by hand on a clock that it moves. */
export interface Stage {
  clock: ManualClock;
  store: QueueStore;
  /** In the order in which they began. */
  tries: readonly Try[];
  /** The destinations whose worker announced its death. */
  deaths: readonly string[];
  /** What the dispatcher told, in order. */
  told: readonly (keyof Observer)[];
  observe: Observer;
  readonly dispatcher: Dispatcher;
  /** Begins anew, with what the store has kept; the dispatcher of before is left to itself. */
  start(
    destinations: readonly Destination[],
    given?: { deliver?: Deliver; observe?: Observer; shared?: boolean },
  ): Promise<void>;
  wake(names?: readonly string[]): Promise<void>;
  /** Ends every try that is out with this status. */
  endAll(status: number | null): Promise<void>;
  /** The events of the tries, in the order in which they began. */
  begun(): readonly number[];
  statuses(): Promise<readonly string[]>;
  /** Stops the dispatcher, without grace. */
  stop(): Promise<void>;
  /** The same, and closes the store. */
  clear(): Promise<void>;
}

export function createStage(): Stage {
  const clock = createManualClock(NEW_YEAR);
  const store = createQueueStore();
  const tries: (Try & { over: boolean })[] = [];
  const told: (keyof Observer)[] = [];
  const observe = noting(told);
  const deaths: string[] = [];
  const onDeath = (destination: string) => void deaths.push(destination);
  let dispatcher: Dispatcher | undefined;

  const deliverByHand: Deliver = (destination, event, number, { signal, replayed = false } = {}) =>
    new Promise((resolve) => {
      const startedAt = clock.now();
      const end = (ending: Pick<Attempt, "cause" | "status">) => {
        one.over = true;
        const duration = clock.now() - startedAt;
        resolve({ number, startedAt, duration, answer: null, retryAfter: null, ...ending });
      };
      const one = {
        destination: destination.name,
        event: Number(event.id.slice(4)),
        number,
        replayed,
        over: false,
        async end(status: number | null) {
          end({ cause: status === null ? "timeout" : "answered", status });
          await settled();
        },
      };
      signal?.addEventListener("abort", () => end({ cause: "interrupted", status: null }));
      tries.push(one);
    });

  async function stop(): Promise<void> {
    const stopped = dispatcher?.stop({ graceMs: 0 });
    await clock.advance(1);
    await stopped;
  }

  return {
    clock,
    store,
    tries,
    told,
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
      await Promise.all(tries.filter(({ over }) => !over).map((one) => one.end(status)));
    },
    begun: () => tries.map(({ event }) => event),
    statuses: async () => (await store.deliveries()).map(({ status }) => status),
    stop,
    async clear() {
      await stop();
      await store.close();
    },
  };
}

/** Writes down what it is told, in order. */
export function noting(told: (keyof Observer)[]): Observer {
  const note = (what: keyof Observer) => () => void told.push(what);
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
