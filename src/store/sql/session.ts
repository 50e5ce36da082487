import type { Column, DbRow, Scalar } from "../columns.ts";

/** A value of a statement. PostgreSQL takes lists as well. */
export type Value = Scalar | boolean | readonly (Scalar | boolean)[];

/**
 * A connection as the statements that both databases share see it. `?` stands for a value, and each statement
 * names all of its values.
 */
export interface Session {
  /** The row's type is the schema's word: it is trusted. */
  rows<Row = DbRow>(text: string, values?: readonly Value[]): Promise<Row[]>;
  /** Returns the number of rows changed. */
  run(text: string, values?: readonly Value[]): Promise<number>;
  dialect: Dialect;
}

/** Where the two databases differ in shared statements. */
export interface Dialect {
  /** PostgreSQL: computed columns are not stored, and some keys are enforced that SQLite has no index for. */
  isPostgres: boolean;
  /** Follows a text column in `order by`, to sort by bytes. */
  bytewise: string;
  /** Rows as a table `given` for a `from` clause, with these columns. Not for an empty list. */
  given(columns: readonly Column[], rows: readonly (readonly Scalar[])[]): { from: string; values: Value[] };
  /** Inserts rows in their order, their positions among their columns. */
  insert(
    session: Session,
    table: string,
    columns: readonly Column[],
    rows: readonly (readonly Scalar[])[],
  ): Promise<void>;
}

/** The columns as a `select` lists them. */
export function selectOf({ isPostgres }: Pick<Dialect, "isPostgres">, columns: readonly Column[]): string {
  return columns
    .map(({ name, computed, computedInPostgres }) => {
      const expression = computed ?? (isPostgres ? computedInPostgres : undefined);
      return expression === undefined ? name : `${expression} as ${name}`;
    })
    .join(", ");
}

/**
 * Joins what SQLite stores apart from a table, if one of these columns is. Follows the table in a `from`
 * clause.
 */
export function joinApart({ isPostgres }: Dialect, columns: readonly Column[]): string {
  const apart = isPostgres ? [] : columns.flatMap((column) => column.apartInSqlite ?? []);
  return apart.map((table) => ` join ${table} using (position)`).join("");
}
