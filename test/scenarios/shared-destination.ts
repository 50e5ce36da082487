import type { Clock } from "../../src/domain/clock.ts";
import type { Deliver } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { createDispatcher, type Dispatcher } from "../../src/outbound/dispatch.ts";
import type { Observer } from "../../src/outbound/observe.ts";
import type { DestinationState } from "../../src/store/port/control.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { recordingObserver } from "../outbound/dispatcher-harness.ts";
import { aDocument, aDraft, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock, settled } from "../support/clock.ts";
import { nth } from "../support/only.ts";
import { until } from "../support/until.ts";

/** An attempt that a test ends by hand. */
export interface ManualAttempt {
  node: Node;
  /** When it began, on the harness's clock. */
  at: number;
  open: boolean;
  end(status: number): void;
}

/** One of several nodes that share a store and send to the same destination. */
export interface Node {
  dispatcher: Dispatcher;
  /** The number of nodes that it knows of; 0: unknown. */
  nodes: number;
  /** How often it was notified that another node has recorded events. */
  notified: number;
  /** How often it has asked the store for work. */
  claims: number;
  observed: readonly (keyof Observer)[];
  state(): DestinationState | undefined;
  /** Ends it at once, like a killed process: it settles and releases nothing. */
  die(): Promise<void>;
}

/**
 * Several real dispatchers on one clock, each with its own store on one database, whose attempts a test
 * ends by hand.
 */
export interface NodesHarness {
  clock: ManualClock;
  nodes: readonly Node[];
  /** In the order in which they began. */
  attempts: readonly ManualAttempt[];
  /** Answers each attempt at once with this status, from now on; null: they are ended by hand. */
  answer(status: number | null): void;
  start(): Promise<Node>;
  /** Records `count` happenings, each of its own document, at the first node. */
  post(count: number): Promise<void>;
  /** Moves the clock, and waits until the nodes have done what is due. */
  advance(ms: number): Promise<void>;
  clear(): Promise<void>;
}

const NEVER = new Promise<never>(() => {});

export function createNodesHarness(url: string, destination: Destination): NodesHarness {
  const clock = createManualClock(NEW_YEAR);
  const nodes: Node[] = [];
  const stores = new Map<Node, Store>();
  const attempts: ManualAttempt[] = [];
  let answer: number | null = null;
  let tokens = 0;
  let documents = 0;
  /** Store calls under way, and all store calls so far. */
  let underWay = 0;
  let calls = 0;

  async function start(): Promise<Node> {
    const store = await openPostgresStore({ url, token: () => `token-${tokens++}` });
    const lifetime = createLifetime();
    const observed: (keyof Observer)[] = [];
    let listening = false;
    const dispatcher = createDispatcher({
      destinations: [destination],
      saved: await store.destinations(),
      store: lifetime.killable({
        ...store,
        claim(request) {
          node.claims += 1;
          return store.claim(request);
        },
      }),
      deliver: (_destination, _event, number, { signal } = {}) =>
        lifetime.live(attemptByHand(node, number, signal)),
      clock: lifetime.clock,
      random: () => 0,
      observe: recordingObserver(observed),
      onDeath() {},
      shared: true,
    });
    const node: Node = {
      dispatcher,
      nodes: 0,
      notified: 0,
      claims: 0,
      observed,
      state: () => dispatcher.states()[0],
      async die() {
        lifetime.end();
        nodes.splice(nodes.indexOf(node), 1);
        await store.close();
      },
    };
    store.subscribe?.({
      workDue(names) {
        if (names) node.notified += 1;
        else listening = true;
        if (lifetime.alive()) dispatcher.wake(names);
      },
      stateChanged: (states) => lifetime.alive() && dispatcher.applyStates(states),
      nodeCountChanged(count) {
        node.nodes = count;
        dispatcher.setNodeCount(count);
      },
      nodesDied() {},
    });
    nodes.push(node);
    stores.set(node, store);
    dispatcher.start();
    await until(
      () => listening && nodes.every((one) => one.nodes === nodes.length),
      `the new node listens, and every node knows ${nodes.length} nodes`,
    );
    return node;
  }

  function createLifetime() {
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
    const killableClock: Clock = {
      now: clock.now,
      elapsed: clock.elapsed,
      after: (ms, run) => clock.after(ms, () => alive && run()),
    };
    return {
      alive: () => alive,
      live,
      clock: killableClock,
      killable: (store: Store) => ({
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

  function attemptByHand(node: Node, number: number, signal?: AbortSignal): ReturnType<Deliver> {
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
    attempts.push(one);
    if (answer !== null) end(answer);
    return promise;
  }

  /** Resolves once no store call is under way; notifications of other nodes may still be on their way. */
  async function idle(): Promise<void> {
    await until(async () => {
      const before = calls;
      await settled();
      return before === calls && underWay === 0;
    }, "no store call is under way");
  }

  return {
    clock,
    nodes,
    attempts,
    start,
    answer: (status) => {
      answer = status;
    },
    async post(count) {
      const node = nth(nodes, 0);
      const store = stores.get(node);
      if (!store) throw new Error("the node has no store");
      await Promise.all(
        Array.from({ length: count }, () =>
          store.record(
            aRecordRequest([aDraft({ document: aDocument(`d${documents++}`) })], {
              subscribers: [destination],
            }),
          ),
        ),
      );
      node.dispatcher.wake();
      await idle();
    },
    async advance(ms) {
      await clock.advance(ms);
      await idle();
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
