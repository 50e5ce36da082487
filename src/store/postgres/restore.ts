import { isPositioned } from "../description.ts";
import type { Rows, Table } from "../rows.ts";
import { restore } from "../sql/restore.ts";
import { SCHEMA } from "../tables.ts";
import type { Session } from "./session.ts";

/** Restores rows, so that later ones come behind them. Runs inside a transaction. */
export async function restoreBehind<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<number> {
  const added = await restore(session, table, rows);
  if (added > 0 && isPositioned(SCHEMA[table])) await goBehind(session, table);
  return added;
}

/** An identity column does not notice positions that are given. */
async function goBehind(session: Session, table: Table): Promise<void> {
  const sequence = `${table}_position_seq`;
  await session.rows(
    `select setval('${sequence}',
       greatest((select max(position) from ${table}), (select last_value from ${sequence})))`,
  );
}
