import type { Session } from "./session.ts";

/** Notifications among nodes, over one channel of LISTEN and NOTIFY. */

/** Deliveries are due: followed by the node that says so, and the destination. */
export const WORK_DUE = "work_due";
/** The saved state of a destination has changed. */
export const STATE_CHANGED = "state_changed";
/** A node has joined, or its connection is back. */
export const NODE_JOINED = "node_joined";
/** A node is leaving. */
export const NODE_LEFT = "node_left";

/** Notifies the other nodes that these destinations have got deliveries. To be called after the commit. */
export type Announce = (destinations: Iterable<string>) => void;

interface Announcer {
  announce: Announce;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/**
 * Sends what was announced in one turn together, in a transaction of its own: the server takes one lock for
 * all transactions with a notification, from the notification until its commit is on disk. One that is lost
 * with the connection does no harm: the node that recorded the deliveries sends them, and when it is dead,
 * the others look for its work.
 */
export function createAnnouncer(
  session: Session,
  { channel, self, isAlone }: { channel: string; self: string; isAlone(): boolean },
): Announcer {
  const waiting = new Set<string>();
  let underWay: Promise<unknown> = Promise.resolve();

  function send(): void {
    const names = [...waiting];
    waiting.clear();
    underWay = session
      .run(`select pg_notify($1, '${WORK_DUE}:' || $2 || ':' || name) from unnest($3::text[]) name`, [
        channel,
        self,
        names,
      ])
      .catch(() => {});
  }

  return {
    announce(destinations) {
      if (isAlone()) return;
      const isDue = waiting.size > 0;
      for (const name of destinations) waiting.add(name);
      if (!isDue && waiting.size > 0) underWay = underWay.then(send);
    },
    idle: async () => void (await underWay.then(() => underWay)),
  };
}
