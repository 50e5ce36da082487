import type { DbRow } from "../columns.ts";
import { leaseToken } from "../lease-token.ts";
import type { Follower } from "../port/queue.ts";
import { DELIVERY, EVENT } from "../tables.ts";

/** A delivery behind a leased one in its lane. */
export type FollowingRow = DbRow & {
  position: number;
  /** Of the same batch as the leased one, or, where that is not closed yet, recorded in the same period. */
  together: boolean | number;
};

/** The rows, in order, up to the first that does not go in the same post. */
export function untilBatchEnds<Row extends FollowingRow>(rows: readonly Row[]): readonly Row[] {
  const end = rows.findIndex(({ together }) => !together);
  return end === -1 ? rows : rows.slice(0, end);
}

/** `drawn`: of the lease. */
export function followersOf(rows: readonly FollowingRow[], drawn: string): Follower[] {
  return rows.map((row) => ({
    delivery: DELIVERY.decode(row),
    event: EVENT.decode(row),
    token: leaseToken(row.position, drawn),
  }));
}
