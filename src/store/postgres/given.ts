import type { Column, ColumnType, Scalar } from "../columns.ts";
import { namesOf, POSITION } from "../description.ts";
import type { Value } from "../sql/session.ts";
import type { Session } from "./session.ts";

/** Many rows in one statement: an array for each column, so that the text does not depend on their number. */

const TYPES: Readonly<Record<ColumnType, string>> = {
  text: "text",
  integer: "integer",
  bigint: "bigint",
  bytes: "bytea",
};

/** The rows as a table `given`, for a `from` clause; its column `n` counts them. */
export function given(columns: readonly Column[], rows: readonly (readonly Scalar[])[]) {
  const arrays = columns.map(({ type }) => `?::${TYPES[type]}[]`).join(", ");
  return {
    from: `unnest(${arrays}) with ordinality given (${namesOf(columns)}, n)`,
    values: columns.map((_, i): Value => rows.map((row) => row[i] ?? null)),
  };
}

/** The same for a statement that names its columns itself: an array for each of `width` columns. */
export function columns(rows: readonly (readonly Scalar[])[], width: number): Scalar[][] {
  return Array.from({ length: width }, (_, i) => rows.map((row) => row[i] ?? null));
}

/**
 * Inserts rows in their order, so that their positions follow it, and returns what `returning` names. `more`
 * follows the rows: what to do about conflicts.
 */
export async function insertRows<Row>(
  session: Pick<Session, "rows">,
  table: string,
  columns: readonly Column[],
  rows: readonly (readonly Scalar[])[],
  more = "",
): Promise<Row[]> {
  if (rows.length === 0) return [];
  const { text, values } = insertion(table, columns, rows);
  return session.rows<Row>(`${text} ${more}`, values);
}

/** The statement that inserts rows in their order, and its values. */
export function insertion(
  table: string,
  columns: readonly Column[],
  rows: readonly (readonly Scalar[])[],
): { text: string; values: Value[] } {
  const stored = columns.flatMap(({ computed, computedInPostgres }, i) =>
    (computed ?? computedInPostgres) ? [] : [i],
  );
  const names = stored.flatMap((i) => columns[i] ?? []);
  const { from, values } = given(
    names,
    rows.map((row) => stored.map((i) => row[i] ?? null)),
  );
  const overriding = names.some(({ name }) => name === POSITION.name) ? "overriding system value" : "";
  const text = `insert into ${table} (${namesOf(names)}) ${overriding}
     select ${namesOf(names)} from ${from} order by n`;
  return { text, values };
}
