import type { Clock } from "../../src/domain/clock.ts";
import type { Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { noting } from "../outbound/stage.ts";
import { aDocument, aDraft, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock, settled, until } from "../support/clock.ts";

/** A try that a test ends by hand. */
export interface Try {
  node: Node;
  /** When it began, on the stage's clock. */
  at: number;
  open: boolean;
  end(status: number): void;
}

/** One of several that share a store and send to the same destination. */
export interface Node {
  dispatcher: Dispatcher;
  /** How many nodes it knows of; 0: it does not know. */
  nodes: number;
  /** How often it has heard that another has recorded something. */
  heard: number;
  /** How often it has asked the store for work. */
  claims: number;
  told: readonly (keyof Observer)[];
  state(): DestinationState | undefined;
  /** It stops from one moment to the next, as a killed process does: nothing is settled or given back. */
  die(): Promise<void>;
}

/** Several real dispatchers on one clock, each with a store of its own on one database, whose tries a test ends by hand. */
export interface NodesStage {
  clock: ManualClock;
  nodes: readonly Node[];
  /** In the order in which they began. */
  tries: readonly Try[];
  /** Answers each try at once with this, from now on; null: they are ended by hand. */
  answer(status: number | null): void;
  start(): Promise<Node>;
  /** Records so many happenings, each of a document of its own, at the first node. */
  post(count: number): Promise<void>;
  /** Moves the clock, and lets everybody do what they then have to do. */
  advance(ms: number): Promise<void>;
  clear(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

export function createNodesStage(url: string, destination: Destination): NodesStage {
  const clock = createManualClock(NEW_YEAR);
  const nodes: Node[] = [];
  const stores = new Map<Node, Store>();
  const tries: Try[] = [];
  let answer: number | null = null;
  let tokens = 0;
  let documents = 0;
  /** Calls of the stores that are under way, and all that there ever were. */
  let underWay = 0;
  let calls = 0;

  async function start(): Promise<Node> {
    const store = await openPostgresStore({ url, token: () => `token-${tokens++}` });
    const life = createLife();
    const told: (keyof Observer)[] = [];
    let listening = false;
    const dispatcher = createDispatcher({
      destinations: [destination],
      saved: await store.destinations(),
      store: life.mortal({
        ...store,
        claim(request) {
          node.claims += 1;
          return store.claim(request);
        },
      }),
      deliver: (_destination, _event, number, { signal } = {}) => life.live(tryByHand(node, number, signal)),
      clock: life.clock,
      random: () => 0,
      observe: noting(told),
      onDeath() {},
      shared: true,
    });
    const node: Node = {
      dispatcher,
      nodes: 0,
      heard: 0,
      claims: 0,
      told,
      state: () => dispatcher.states()[0],
      async die() {
        life.end();
        nodes.splice(nodes.indexOf(node), 1);
        await store.close();
      },
    };
    store.subscribe?.({
      workDue(names) {
        if (names) node.heard += 1;
        else listening = true;
        if (life.alive()) dispatcher.wake(names);
      },
      stateChanged: (states) => life.alive() && dispatcher.applyStates(states),
      nodeCountChanged(count) {
        node.nodes = count;
        dispatcher.setNodeCount(count);
      },
    });
    nodes.push(node);
    stores.set(node, store);
    dispatcher.start();
    await until(() => listening && nodes.every((one) => one.nodes === nodes.length));
    return node;
  }

  function createLife() {
    let alive = true;
    const live = <T>(work: Promise<T>): Promise<T> => work.then((value) => (alive ? value : NEVER));
    const call =
      <Given extends unknown[], T>(work: (...given: Given) => Promise<T>) =>
      async (...given: Given): Promise<T> => {
        if (!alive) return NEVER;
        underWay += 1;
        calls += 1;
        return live(work(...given).finally(() => (underWay -= 1)));
      };
    const mortalClock: Clock = {
      now: clock.now,
      after: (ms, run) => clock.after(ms, () => alive && run()),
    };
    return {
      alive: () => alive,
      live,
      clock: mortalClock,
      mortal: (store: Store) => ({
        bringForward: call(store.bringForward),
        claim: call(store.claim),
        settle: call(store.settle),
        release: call(store.release),
        nextDueAt: call(store.nextDueAt),
        saveDestination: call(store.saveDestination),
      }),
      end: () => {
        alive = false;
      },
    };
  }

  function tryByHand(node: Node, number: number, signal?: AbortSignal): ReturnType<Deliver> {
    const startedAt = clock.now();
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Deliver>>>();
    const end = (status: number | null) => {
      one.open = false;
      const cause = status === null ? "interrupted" : "answered";
      resolve({
        number,
        startedAt,
        duration: clock.now() - startedAt,
        cause,
        status,
        answer: null,
        retryAfter: null,
      });
    };
    const one = { node, at: startedAt, open: true, end };
    signal?.addEventListener("abort", () => end(null));
    tries.push(one);
    if (answer !== null) end(answer);
    return promise;
  }

  /** Nobody has anything to do any more, as far as that can be seen: news of others may still be on the way. */
  async function still(): Promise<void> {
    for (let before = -1; before !== calls || underWay > 0; ) {
      before = calls;
      await settled();
    }
  }

  return {
    clock,
    nodes,
    tries,
    start,
    answer: (status) => {
      answer = status;
    },
    async post(count) {
      const [node] = nodes;
      const store = node && stores.get(node);
      await Promise.all(
        Array.from({ length: count }, () =>
          store?.record(
            aRecordRequest([aDraft({ document: aDocument(`d${documents++}`) })], {
              subscribers: [destination],
            }),
          ),
        ),
      );
      node?.dispatcher.wake();
      await still();
    },
    async advance(ms) {
      await clock.advance(ms);
      await still();
    },
    async clear() {
      const stopped = nodes.splice(0).map(async (node) => {
        await node.dispatcher.stop({ graceMs: 0 });
        await stores.get(node)?.close();
      });
      await clock.advance(1);
      await Promise.all(stopped);
    },
  };
}
