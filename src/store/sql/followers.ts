import type { DbRow } from "../columns.ts";
import { leaseToken } from "../lease-token.ts";
import type { Follower } from "../port/queue.ts";
import { DELIVERY, EVENT } from "../tables.ts";

/** A delivery behind a leased one in its lane. */
export type FollowingRow = DbRow & {
  position: number;
  /** Recorded in the same period as the leased one, and attempted as often. */
  together: boolean | number;
};

/** The rows, in order, up to the first that does not go in the same post. `drawn`: of the lease. */
export function followersOf(rows: readonly FollowingRow[], drawn: string): Follower[] {
  const end = rows.findIndex(({ together }) => !together);
  return rows.slice(0, end === -1 ? rows.length : end).map((row) => ({
    delivery: DELIVERY.decode(row),
    event: EVENT.decode(row),
    token: leaseToken(row.position, drawn),
  }));
}
