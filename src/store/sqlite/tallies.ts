import type { DatabaseSync } from "node:sqlite";
import { HOUR_MS, sumUp, type Tally } from "../../domain/tally.ts";
import { nextOfOldest } from "../cursor.ts";
import { namesOf } from "../description.ts";
import type { PruneResult, PruneStep } from "../port/retention.ts";
import { TALLY, TALLY_KEY } from "../tables.ts";
import { placeholders, query } from "./statements.ts";

/** Adds to the tallies of the transaction under way. */
export type Count = (tally: Tally) => void;

/**
 * The tallies of one transaction: all that its jobs count is written by one statement for each key, just
 * before the commit.
 */
export interface PendingTallies {
  count: Count;
  /** Writes what was counted. Runs inside the transaction. */
  write(): void;
  /** For a job or a transaction that is undone. */
  forget(): void;
}

const KEY = TALLY_KEY.join(", ");

export function createPendingTallies(db: DatabaseSync): PendingTallies {
  let pending: Tally[] = [];
  const add = query(
    db,
    `insert into tallies (${namesOf(TALLY.columns)}) values ${placeholders(TALLY.columns.length)}
     on conflict (${KEY}) do update
       set count = count + excluded.count, newest = max(newest, excluded.newest)`,
  );
  return {
    count: (tally) => void pending.push(tally),
    write() {
      for (const tally of sumUp(pending)) add.run(...TALLY.encode(tally));
      pending = [];
    },
    forget() {
      pending = [];
    },
  };
}

/** The result removes the oldest tallies. It runs inside a transaction. */
export function createTallyPruning(db: DatabaseSync): (step: PruneStep) => PruneResult {
  const drop = query(
    db,
    `delete from tallies where (${KEY}) in
       (select ${KEY} from tallies where hour <= ? order by ${KEY} limit ?)`,
  );
  return ({ before, limit }) => nextOfOldest(drop.run(before - HOUR_MS, limit), limit);
}
