import type { Session } from "./session.ts";

/** Notifications among nodes, over one channel of LISTEN and NOTIFY: sent when the transaction commits. */

/** Deliveries are due: followed by the node that says so, and the destination. */
export const WORK_DUE = "work_due";
/** The saved state of a destination has changed. */
export const STATE_CHANGED = "state_changed";
/** A node has joined, or its connection is back. */
export const NODE_JOINED = "node_joined";
/** A node is leaving. */
export const NODE_LEFT = "node_left";

/** Notifies the other nodes that these destinations have got deliveries. */
export type Announce = (session: Session, destinations: ReadonlySet<string>) => Promise<void>;

export function createAnnounce(channel: string, self: string): Announce {
  return async (session, destinations) => {
    if (destinations.size === 0) return;
    await session.run(
      `select pg_notify($1, '${WORK_DUE}:' || $2 || ':' || name) from unnest($3::text[]) name`,
      [channel, self, [...destinations]],
    );
  };
}
