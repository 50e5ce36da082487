import type { Session } from "./session.ts";

/** What nodes call to each other over one channel of LISTEN and NOTIFY, once the transaction that says so is committed. */

/** Something is due: followed by who calls and for which destination. */
export const DUE = "due";
/** What is kept of a destination has changed. */
export const KEPT = "kept";
/** A node has come, or its line holds again. */
export const CAME = "came";
/** A node is leaving. */
export const LEFT = "left";

/** Tells the other nodes that these destinations have got something. */
export type Announce = (session: Session, destinations: ReadonlySet<string>) => Promise<void>;

export function createAnnounce(channel: string, self: string): Announce {
  return async (session, destinations) => {
    if (destinations.size === 0) return;
    await session.run(`select pg_notify($1, '${DUE}:' || $2 || ':' || name) from unnest($3::text[]) name`, [
      channel,
      self,
      [...destinations],
    ]);
  };
}
