import { storableText } from "../../domain/text.ts";
import type { Column, DbRow, Scalar } from "../columns.ts";
import { conflict, isSame } from "../conflict.ts";
import { allColumnsOf, type Child, encodeWhole, type Key, valuesOf } from "../description.ts";
import type { Rows, Table } from "../rows.ts";
import { SCHEMA } from "../tables.ts";
import { withChildren } from "./rows.ts";
import { joinApart, type Session, selectOf } from "./session.ts";

/**
 * Adds rows as a snapshot gave them; returns the number of those that were not there yet. Runs inside a
 * transaction.
 *
 * @throws CountersignError `conflict`.
 */
export async function restore<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<number> {
  const missing = await missingOf(session, table, rows);
  if (missing.length === 0) return 0;
  await refuseElsewhere(session, table, missing);
  await insertRows(session, table, missing);
  return missing.length;
}

/** A row with the values of its columns, and the places that it takes. */
interface Placed<T extends Table> {
  row: Rows[T];
  encoded: readonly Scalar[];
  values: Readonly<Record<string, Scalar>>;
  /** Under each key. Two rows in one place are in each other's way. */
  places: readonly string[];
}

/** The rows whose place is free, in the database and among the given rows before them. */
async function missingOf<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<readonly Placed<T>[]> {
  const keys = keysOf(session, table);
  const given = rows.map((row): Placed<T> => {
    const encoded = encodeWhole<Rows[T]>(SCHEMA[table], row);
    const values = valuesOf(SCHEMA[table], encoded);
    return { row, encoded, values, places: placesOf(keys, values) };
  });
  const taken = new Map<string, Rows[T]>();
  const take = ({ row, places }: Pick<Placed<T>, "row" | "places">) => {
    for (const place of places) taken.set(place, row);
  };
  for (const there of await rowsInPlaceOf(session, table, given)) take(there);

  return given.filter((one) => {
    const [there, another] = new Set(one.places.flatMap((place) => taken.get(place) ?? []));
    if (another || (there && !isSame(there, one.row))) throw conflict(table, one.row);
    if (!there) take(one);
    return !there;
  });
}

/** The keys of a table in this database, that of its order first. */
function keysOf({ dialect }: Session, table: Table): readonly Key[] {
  const { order, keys } = SCHEMA[table];
  return [{ columns: order }, ...keys.filter(({ postgres }) => dialect.isPostgres || !postgres)];
}

function placesOf(keys: readonly Key[], values: DbRow): string[] {
  return keys.flatMap(({ columns, where }, n) =>
    where && !where.holds(values)
      ? []
      : [JSON.stringify([n, ...columns.map((name) => storableText(String(values[name])))])],
  );
}

/** The rows of the database that have a key of one of these rows. */
async function rowsInPlaceOf<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Placed<T>[],
): Promise<readonly Pick<Placed<T>, "row" | "places">[]> {
  const keys = keysOf(session, table);
  const found = new Map<string, DbRow>();
  for (const key of keys)
    for (const row of await lookUp(session, table, key, rows)) found.set(placesOf(keys, row)[0] ?? "", row);
  const there = [...found.values()];
  const shown = await withChildren(session, table, there);
  return shown.map((row, n) => ({ row, places: placesOf(keys, there[n] ?? {}) }));
}

function lookUp<T extends Table>(
  session: Session,
  table: T,
  { columns, where }: Key,
  rows: readonly Placed<T>[],
): Promise<DbRow[]> {
  const asked = rows.filter(({ values }) => where?.holds(values) ?? true);
  if (asked.length === 0) return Promise.resolve([]);
  const all = allColumnsOf(SCHEMA[table]);
  const keyColumns = all.filter(({ name }) => columns.includes(name));
  const given = session.dialect.given(keyColumns, asked.map(valuesFor(keyColumns)));
  const within = boundsOf(table, keyColumns, asked);
  return session.rows(
    `select ${selectOf(session.dialect, all)}
     from ${given.from} join ${table} using (${columns.join(", ")})${joinApart(session.dialect, all)}
     where ${[where?.sql ?? "true", ...within.conditions].join(" and ")}`,
    [...given.values, ...within.values],
  );
}

/** Where a table is a view that sums up, the database finds rows by such bounds, but not by a join alone. */
function boundsOf<T extends Table>(table: T, columns: readonly Column[], rows: readonly Placed<T>[]) {
  const [first] = columns.filter(({ type }) => type === "bigint");
  if (!first) return { conditions: [], values: [] };
  const numbers = rows.map(({ values }) => Number(values[first.name]));
  return {
    conditions: [`${table}.${first.name} between ? and ?`],
    values: [Math.min(...numbers), Math.max(...numbers)],
  };
}

function valuesFor(columns: readonly Column[]) {
  return ({ values }: { values: Readonly<Record<string, Scalar>> }) =>
    columns.map(({ name }) => values[name] ?? null);
}

/** An id is either an event's or a tombstone's. */
const OTHER_TABLE: Readonly<Partial<Record<Table, Table>>> = { events: "tombstones", tombstones: "events" };

async function refuseElsewhere<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Placed<T>[],
): Promise<void> {
  const other = OTHER_TABLE[table];
  if (!other) return;
  const columns: readonly Column[] = [{ name: "id", type: "text" }];
  const { from, values } = session.dialect.given(columns, rows.map(valuesFor(columns)));
  const found = await session.rows<{ id: Scalar }>(`select id from ${other} join ${from} using (id)`, values);
  const ids = new Set(found.map(({ id }) => id));
  for (const { row, values } of rows) if (ids.has(values.id ?? null)) throw conflict(table, row);
}

/** Adds rows to an empty table, without a look for rows in their place. Runs inside a transaction. */
export function fill<T extends Table>(session: Session, table: T, rows: readonly Rows[T][]): Promise<void> {
  const encoded = rows.map((row) => ({ row, encoded: encodeWhole<Rows[T]>(SCHEMA[table], row) }));
  return insertRows(session, table, encoded);
}

async function insertRows<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Pick<Placed<T>, "row" | "encoded">[],
): Promise<void> {
  const columns = allColumnsOf(SCHEMA[table]);
  const { insert } = session.dialect;
  const encoded = rows.map((one) => one.encoded);
  await insert(session, table, columns, encoded);
  for (const [property, child] of Object.entries<Child<unknown>>(SCHEMA[table].children)) {
    const place = columns.findIndex(({ name }) => name === child.of);
    const items = rows.flatMap(({ row, encoded }) => itemsOf(row, property, child, encoded[place] ?? null));
    const parent = { name: child.parent, type: child.of === "id" ? "text" : "bigint" } as const;
    if (items.length > 0) await insert(session, child.table, [parent, ...child.item.columns], items);
  }
}

/** The rows of a child table that belong to a row. */
function itemsOf(
  row: object,
  property: string,
  { item }: Child<unknown>,
  parent: Scalar,
): (readonly Scalar[])[] {
  const items: readonly unknown[] = (row as Readonly<Record<string, readonly unknown[]>>)[property] ?? [];
  return items.map((one) => [parent, ...item.encode(one)]);
}
