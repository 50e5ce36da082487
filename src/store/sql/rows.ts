import type { DbRow, Scalar } from "../columns.ts";
import { assembleRow, type Child, columnsOf, isPositioned } from "../description.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import { type Rows, TABLES, type Table } from "../rows.ts";
import { SCHEMA } from "../tables.ts";
import { childrenOf } from "./children.ts";
import { list } from "./list.ts";
import { type Session, selectOf } from "./session.ts";

/** Rows as they are outside of any database (../rows.ts), with all that belongs to them. */

export async function countRows(session: Session): Promise<Readonly<Record<Table, number>>> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`);
  const [row] = await session.rows<Record<Table, number>>(`select ${counts.join(", ")}`);
  if (!row) throw new Error("a count has no row");
  return { ...row };
}

/** Rows in the order that `Rows` gives. */
export async function pageOf<T extends Table>(
  session: Session,
  table: T,
  page: PageRequest,
): Promise<Page<Rows[T]>> {
  const { items, next } = isPositioned(SCHEMA[table])
    ? await list(session, { table, columns: columnsOf(SCHEMA[table]) }, page, (row) => row)
    : await listByName(session, table, page);
  return { items: await withChildren(session, table, items), next };
}

/** A page of a table whose rows have no position: the cursor is the last row's key. */
async function listByName(
  session: Session,
  table: Table,
  { cursor, limit }: PageRequest,
): Promise<Page<DbRow>> {
  const { order } = SCHEMA[table];
  const names = order.join(", ");
  const start: Scalar[] = cursor === undefined ? [] : JSON.parse(cursor);
  const where = cursor === undefined ? "" : `where (${names}) > (${order.map(() => "?").join(", ")})`;
  const rows = await session.rows(
    `select ${selectOf(session.dialect, columnsOf(SCHEMA[table]))} from ${table}
     ${where} order by ${names} limit ?`,
    [...start, limit + 1],
  );
  const last = rows[limit - 1];
  const next = rows.length > limit && last ? JSON.stringify(order.map((name) => last[name])) : null;
  return { items: rows.slice(0, limit), next };
}

/**
 * The rows of the database, with those of their child tables. They must have all of their table's columns.
 */
export async function withChildren<T extends Table>(
  session: Session,
  table: T,
  rows: readonly DbRow[],
): Promise<Rows[T][]> {
  const description = SCHEMA[table];
  const children = Object.entries<Child<unknown>>(description.children);
  const found: [property: string, itemsOf: (row: DbRow) => unknown[]][] = [];
  for (const [property, child] of children) {
    const parents = rows.map((row) => row[child.of] as Scalar);
    const itemsOf = await childrenOf(session, child, parents);
    found.push([property, (row) => itemsOf(row[child.of])]);
  }
  return rows.map((row) => {
    const items = found.map(([property, itemsOf]) => [property, itemsOf(row)] as const);
    return assembleRow<Rows[T]>(description, row, items);
  });
}
