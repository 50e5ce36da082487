import { z } from "zod";
import type { Column, ColumnType, DbRow, Part, Scalar } from "./columns.ts";

/** The parts of a table's description (tables.ts), and what follows from them. */

/** Properties of a row that are rows of tables of their own. */
type ChildProperty = "dedupeKeys" | "channelKeys" | "duplicates" | "history";

type Own<Row> = Omit<Row, "position" | ChildProperty>;

/** Rows that belong to a row of another table. */
export interface Child<Item> {
  table: string;
  /** The column that names the row that these belong to, by its column `of`. */
  parent: string;
  of: "id" | "position";
  item: Part<Item>;
  /** The columns that give their order; texts by their bytes. */
  order: readonly string[];
}

/** Columns of which no two rows of a table have the same values. */
export interface Key {
  columns: readonly string[];
  /** The rows that the key holds for, as SQL and as a rule; absent: all. */
  where?: { sql: string; holds(values: DbRow): boolean };
  /** PostgreSQL alone enforces the key. */
  postgres?: true;
}

/** A column that repeats what a JSON column holds, to find rows by. */
export interface Copy<Row> {
  column: Column;
  of(row: Row): Scalar;
}

export interface Description<Row> {
  /** The row's own columns, but for `position`. */
  own: Part<Own<Row>>;
  /** Absent: none. */
  copies?: readonly Copy<Own<Row>>[];
  /** The columns that give the order of the rows, and of which no two rows have the same values. */
  order: readonly string[];
  /** What else tells rows apart. */
  keys: readonly Key[];
  children: {
    readonly [K in keyof Row & ChildProperty]: Row[K] extends readonly (infer Item)[] ? Child<Item> : never;
  };
}

export const POSITION: Column = { name: "position", type: "bigint" };

export function copy<Row>(name: string, type: ColumnType, of: (row: Row) => Scalar): Copy<Row> {
  return { column: { name, type }, of };
}

/** The part of a description that does not depend on its rows. */
interface WithColumns {
  own: { readonly columns: readonly Column[] };
  copies?: readonly { readonly column: Column }[];
}

/** Whether the rows are in the order recorded. */
export function isPositioned({ order }: { readonly order: readonly string[] }): boolean {
  return order.includes(POSITION.name);
}

/** All columns but `position`, in the order in which `encodeRow` gives their values. */
export function columnsOf({ own, copies = [] }: WithColumns): readonly Column[] {
  return [...own.columns, ...copies.map(({ column }) => column)];
}

/** `position`, where the rows have one, and all other columns. */
export function allColumnsOf(
  description: WithColumns & Pick<Description<unknown>, "order">,
): readonly Column[] {
  const columns = columnsOf(description);
  return isPositioned(description) ? [POSITION, ...columns] : columns;
}

export function encodeRow<Row>({ own, copies = [] }: Description<Row>, row: Own<Row>): readonly Scalar[] {
  const values: Scalar[] = [];
  own.encodeInto(values, row);
  for (const { of } of copies) values.push(of(row));
  return values;
}

/** The values of all columns, in the order of `allColumnsOf`. */
export function encodeWhole<Row extends object>(description: Description<Row>, row: Row): readonly Scalar[] {
  const encoded = encodeRow(description, row);
  return "position" in row ? [row.position as number, ...encoded] : encoded;
}

/** The values of all columns by name. */
export function valuesOf(
  description: Parameters<typeof allColumnsOf>[0],
  encoded: readonly Scalar[],
): Readonly<Record<string, Scalar>> {
  return Object.fromEntries(allColumnsOf(description).map(({ name }, n) => [name, encoded[n] ?? null]));
}

/** A row outside of the database, of all its columns and its children by property. */
export function assembleRow<Row>(
  description: Description<Row>,
  row: DbRow,
  children: Iterable<readonly [property: string, items: readonly unknown[]]>,
): Row {
  const position = isPositioned(description) ? { position: row.position } : {};
  return { ...position, ...description.own.decode(row), ...Object.fromEntries(children) } as Row;
}

/** As SQL lists them. */
export function namesOf(columns: readonly Column[]): string {
  return columns.map(({ name }) => name).join(", ");
}

/** Some of the table's columns. */
export function pick(description: WithColumns, ...names: readonly string[]): readonly Column[] {
  const byName = new Map(columnsOf(description).map((column) => [column.name, column]));
  return names.map((name) => {
    const column = byName.get(name);
    if (!column) throw new Error(`there is no column ${name}`);
    return column;
  });
}

/**
 * What a row from outside of any store must be like. Strict: an unknown property would be lost without a
 * word.
 */
export function shapeOf<Row>(description: Description<Row>): z.ZodType<Row> {
  const children = Object.entries<Child<unknown>>(description.children).map(
    ([property, { item }]) => [property, z.array(item.shape)] as const,
  );
  const position = isPositioned(description) ? { position: z.int().positive() } : {};
  const shapes = { ...position, ...Object.fromEntries(children) };
  return (description.own.shape as unknown as z.ZodObject).extend(shapes) as unknown as z.ZodType<Row>;
}
