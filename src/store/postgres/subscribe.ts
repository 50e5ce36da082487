import type { StoreEvents } from "../port/queue.ts";
import { destinations } from "../sql/find.ts";
import type { Store } from "../store.ts";
import { createLine, type Line } from "./listen-connection.ts";
import { count, join, leave } from "./membership.ts";
import { NODE_JOINED, NODE_LEFT, STATE_CHANGED, WORK_DUE } from "./notify.ts";
import type { Session } from "./session.ts";

interface ListenOptions {
  url: string;
  channel: string;
  /** This node's name: what it records itself is no news. */
  self: string;
}

/** Hears what the nodes call to each other, over a line that is made when somebody first listens. */
interface Listener {
  listen: NonNullable<Store["subscribe"]>;
  end(): Promise<void>;
}

export function createListener({ url, channel, self }: ListenOptions): Listener {
  let news: StoreEvents = { workDue() {}, stateChanged() {}, nodeCountChanged() {} };
  let nodes: number | null = null;
  let line: Line | null = null;

  async function tellKept(session: Session): Promise<void> {
    news.stateChanged(await destinations(session));
  }

  /** Fewer than before are no news at first: after a breakdown of the server the others' lines take a while to come back. */
  async function tellMore(session: Session): Promise<void> {
    tellNodes(Math.max(await count(session, channel), nodes ?? 1));
  }

  async function tellNumber(session: Session): Promise<void> {
    tellNodes(Math.max(await count(session, channel), 1));
  }

  function tellNodes(now: number): void {
    if (now === nodes) return;
    nodes = now;
    news.nodeCountChanged(now);
  }

  function heard(call: string): void {
    const [kind, sender, ...name] = call.split(":");
    if (kind === WORK_DUE && sender !== self) news.workDue([name.join(":")]);
    if (kind === STATE_CHANGED) line?.use(tellKept);
    if (kind === NODE_JOINED) line?.use(tellMore);
    if (kind === NODE_LEFT) line?.use(tellNumber);
  }

  async function held(session: Session): Promise<void> {
    await join(session, channel);
    await tellMore(session);
    await tellKept(session);
    news.workDue();
  }

  return {
    listen(given) {
      news = given;
      if (nodes !== null) news.nodeCountChanged(nodes);
      if (line) line.use(tellKept);
      else
        line = createLine({
          url,
          channel,
          held,
          heard,
          check: tellNumber,
          ending: (session) => leave(session, channel),
        });
    },
    end: async () => line?.end(),
  };
}
