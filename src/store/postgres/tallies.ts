import { HOUR_MS, sumUp, type Tally } from "../../domain/tally.ts";
import { nextOfOldest } from "../cursor.ts";
import { namesOf } from "../description.ts";
import type { PruneResult, PruneStep } from "../port/retention.ts";
import { TALLY, TALLY_KEY } from "../tables.ts";
import { STRIPE, STRIPES } from "./backlog.ts";
import { given } from "./given.ts";
import type { Session } from "./session.ts";

/** Each tally has several rows, as a backlog has: the view `tallies` adds them up. */
export const TALLY_STRIPES = "tally_stripes";

const KEY = TALLY_KEY.join(", ");

/**
 * Adds to the tallies, all in one statement. The last of a transaction, so that the rows are locked for a
 * moment; in one order for all, so that two transactions never wait for each other.
 */
export async function addTallies(session: Session, tallies: readonly Tally[]): Promise<void> {
  if (tallies.length === 0) return;
  const names = namesOf(TALLY.columns);
  const { from, values } = given(TALLY.columns, sumUp(tallies).map(TALLY.encode));
  await session.run(
    `insert into ${TALLY_STRIPES} (${names}, stripe)
     select ${names}, ${STRIPE} from ${from} order by ${KEY}
     on conflict (${KEY}, stripe) do update set count = ${TALLY_STRIPES}.count + excluded.count,
       newest = greatest(${TALLY_STRIPES}.newest, excluded.newest)`,
    values,
  );
}

/** Removes the oldest tallies, each with all its rows. Reads no more than these may have. */
export async function pruneTallies(session: Session, { before, limit }: PruneStep): Promise<PruneResult> {
  const [row] = await session.rows<{ pruned: number }>(
    `with oldest as (
       select ${KEY} from ${TALLY_STRIPES} where hour <= $1 order by ${KEY}, stripe limit $3
     ), old as (
       select distinct ${KEY} from oldest order by ${KEY} limit $2
     ), gone as (
       delete from ${TALLY_STRIPES} where (${KEY}) in (select ${KEY} from old) returning ${KEY}
     )
     select count(*) as pruned from (select distinct ${KEY} from gone) tallies`,
    [before - HOUR_MS, limit, limit * STRIPES],
  );
  return nextOfOldest(row?.pruned ?? 0, limit);
}
