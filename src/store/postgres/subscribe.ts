import type { Queue, StoreEvents } from "../port/queue.ts";
import { destinations } from "../sql/find.ts";
import { createListenConnection, type ListenConnection } from "./listen-connection.ts";
import { count, join, leave } from "./membership.ts";
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
  end(): Promise<void>;
}

export function createSubscription({ url, channel, self }: SubscriptionOptions): Subscription {
  let events: StoreEvents = { workDue() {}, stateChanged() {}, nodeCountChanged() {} };
  let nodes: number | null = null;
  let connection: ListenConnection | null = null;

  async function readStates(session: Session): Promise<void> {
    events.stateChanged(await destinations(session));
  }

  /** Ignores a smaller count: after a failure of the server the others take a while to connect again. */
  async function countAfterJoin(session: Session): Promise<void> {
    setCount(Math.max(await count(session, channel), nodes ?? 1));
  }

  async function countNodes(session: Session): Promise<void> {
    setCount(Math.max(await count(session, channel), 1));
  }

  function setCount(now: number): void {
    if (now === nodes) return;
    nodes = now;
    events.nodeCountChanged(now);
  }

  function onNotification(payload: string): void {
    const [kind, sender, ...name] = payload.split(":");
    if (kind === WORK_DUE && sender !== self) events.workDue([name.join(":")]);
    if (kind === STATE_CHANGED) connection?.use(readStates);
    if (kind === NODE_JOINED) connection?.use(countAfterJoin);
    if (kind === NODE_LEFT) connection?.use(countNodes);
  }

  async function onConnected(session: Session): Promise<void> {
    await join(session, channel);
    await countAfterJoin(session);
    await readStates(session);
    events.workDue();
  }

  function connect(): ListenConnection {
    const onEnding = (session: Session) => leave(session, channel);
    return createListenConnection({ url, channel, onConnected, onNotification, check: countNodes, onEnding });
  }

  return {
    subscribe(given) {
      events = given;
      if (nodes !== null) events.nodeCountChanged(nodes);
      if (connection) connection.use(readStates);
      else connection = connect();
    },
    end: async () => connection?.end(),
  };
}
