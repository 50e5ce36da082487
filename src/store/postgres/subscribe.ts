import type { Queue, StoreEvents } from "../port/queue.ts";
import { destinations } from "../sql/find.ts";
import { createListenConnection, type ListenConnection } from "./listen-connection.ts";
import { join, leave, members } from "./membership.ts";
import { createNodeWatch } from "./node-watch.ts";
import { NODE_JOINED, NODE_LEFT, STATE_CHANGED, WORK_DUE } from "./notify.ts";
import type { Session } from "./session.ts";

interface SubscriptionOptions {
  url: string;
  channel: string;
  /** This node's name: its own recordings are no news to it. */
  self: string;
}

/** Receives what the nodes notify each other of, over a connection that is made by the first `subscribe`. */
interface Subscription {
  subscribe: NonNullable<Queue["subscribe"]>;
  /**
   * This node's number while its lock is held: what it leases by that number is freed as soon as it is dead.
   * Null: it has none. Waits while the first connection is being made.
   */
  node(): Promise<number | null>;
  /** Whether this is the only node, as far as it knows; false before it has subscribed. */
  isAlone(): boolean;
  /** The nodes that have been dead for a while. */
  dead(): readonly number[];
  end(): Promise<void>;
}

export function createSubscription({ url, channel, self }: SubscriptionOptions): Subscription {
  let events: StoreEvents = { workDue() {}, stateChanged() {}, nodeCountChanged() {}, nodesDied() {} };
  let nodes: number | null = null;
  let connection: ListenConnection | null = null;
  /** Kept while the connection is down. */
  let number: number | null = null;
  let isJoined = false;
  const watch = createNodeWatch();
  const joining = Promise.withResolvers<void>();

  async function readStates(session: Session): Promise<void> {
    events.stateChanged(await destinations(session));
  }

  async function lookAtNodes(session: Session): Promise<void> {
    watch.look(await members(session, channel), performance.now());
    if (watch.count() !== nodes) {
      nodes = watch.count();
      events.nodeCountChanged(nodes);
    }
    if (watch.dead().length > 0) events.nodesDied();
  }

  function onNotification(payload: string): void {
    const [kind, sender, ...name] = payload.split(":");
    if (kind === WORK_DUE && sender !== self) events.workDue([name.join(":")]);
    if (kind === STATE_CHANGED) connection?.use(readStates);
    if (kind === NODE_JOINED || kind === NODE_LEFT) connection?.use(lookAtNodes);
  }

  async function onConnected(session: Session): Promise<void> {
    if (number !== null) watch.reconnected(performance.now());
    number = await join(session, channel, number);
    isJoined = true;
    joining.resolve();
    await lookAtNodes(session);
    await readStates(session);
    events.workDue();
  }

  function onClosed(): void {
    isJoined = false;
    joining.resolve();
  }

  async function onEnding(session: Session): Promise<void> {
    isJoined = false;
    if (number !== null) await leave(session, channel, number);
  }

  function connect(): ListenConnection {
    return createListenConnection({
      ...{ url, channel, onConnected, onClosed, onNotification, onEnding },
      check: lookAtNodes,
    });
  }

  return {
    subscribe(given) {
      events = given;
      if (nodes !== null) events.nodeCountChanged(nodes);
      if (connection) connection.use(readStates);
      else connection = connect();
    },
    async node() {
      if (connection) await joining.promise;
      return isJoined ? number : null;
    },
    isAlone: () => isJoined && nodes === 1,
    dead: watch.dead,
    end: async () => connection?.end(),
  };
}
