import { storableText } from "../../domain/text.ts";
import type { DbRow, Scalar } from "../columns.ts";
import { conflict, isSame } from "../conflict.ts";
import { type Child, columnsOf, encodeRow, isPositioned, type Key, POSITION } from "../description.ts";
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

/** The rows whose place is free, in the database and among the given rows before them. */
async function missingOf<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<readonly Rows[T][]> {
  const placesOf = createPlaces(session, table);
  const taken = new Map<string, Rows[T]>();
  const take = (row: Rows[T]) => {
    for (const place of placesOf(row)) taken.set(place, row);
  };
  for (const row of await rowsInPlaceOf(session, table, rows)) take(row);

  return rows.filter((row) => {
    const [there, another] = new Set(placesOf(row).flatMap((place) => taken.get(place) ?? []));
    if (another || (there && !isSame(there, row))) throw conflict(table, row);
    if (!there) take(row);
    return !there;
  });
}

/** The keys of a table in this database, that of its order first. */
function keysOf({ dialect }: Session, table: Table): readonly Key[] {
  const { order, keys } = SCHEMA[table];
  return [{ columns: order }, ...keys.filter(({ postgres }) => dialect.isPostgres || !postgres)];
}

/** The values of a row by column. */
function valuesOf<T extends Table>(table: T, row: Rows[T]): Readonly<Record<string, Scalar>> {
  const description = SCHEMA[table];
  const values = encodeRow(description, row);
  const own = columnsOf(description).map(({ name }, n) => [name, values[n] ?? null] as const);
  return { ...Object.fromEntries(own), ...("position" in row ? { position: row.position } : {}) };
}

/** Names the place that a row takes under each key. Two rows in one place are in each other's way. */
function createPlaces<T extends Table>(session: Session, table: T): (row: Rows[T]) => readonly string[] {
  const keys = keysOf(session, table);
  return (row) => {
    const values = valuesOf(table, row);
    return keys.flatMap(({ columns, where }, n) =>
      where && !where.holds(values)
        ? []
        : [JSON.stringify([n, ...columns.map((name) => storableText(String(values[name])))])],
    );
  };
}

/** The rows of the database that have a key of one of these rows. */
async function rowsInPlaceOf<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<readonly Rows[T][]> {
  const values = rows.map((row) => valuesOf(table, row));
  const found: DbRow[] = [];
  for (const key of keysOf(session, table)) found.push(...(await lookUp(session, table, key, values)));
  const shown = await withChildren(session, table, found);
  const placesOf = createPlaces(session, table);
  return [...new Map(shown.map((row) => [placesOf(row)[0], row])).values()];
}

function lookUp(
  session: Session,
  table: Table,
  { columns, where }: Key,
  rows: readonly Readonly<Record<string, Scalar>>[],
): Promise<DbRow[]> {
  const asked = rows.filter((row) => where?.holds(row) ?? true);
  if (asked.length === 0) return Promise.resolve([]);
  const all = [...(isPositioned(SCHEMA[table]) ? [POSITION] : []), ...columnsOf(SCHEMA[table])];
  const keyColumns = all.filter(({ name }) => columns.includes(name));
  const { from, values } = session.dialect.given(
    keyColumns,
    asked.map((row) => keyColumns.map(({ name }) => row[name] ?? null)),
  );
  return session.rows(
    `select ${selectOf(session.dialect, all)}
     from ${from} join ${table} using (${columns.join(", ")})${joinApart(session.dialect, all)}
     where ${where?.sql ?? "true"}`,
    values,
  );
}

/** An id is either an event's or a tombstone's. */
const OTHER_TABLE: Readonly<Partial<Record<Table, Table>>> = { events: "tombstones", tombstones: "events" };

async function refuseElsewhere<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<void> {
  const other = OTHER_TABLE[table];
  if (!other) return;
  const ids = rows.map((row) => String(valuesOf(table, row).id));
  const { from, values } = session.dialect.given(
    [{ name: "id", type: "text" }],
    ids.map((id) => [id]),
  );
  const found = await session.rows<{ id: string }>(`select id from ${other} join ${from} using (id)`, values);
  const there = new Set(found.map(({ id }) => id));
  for (const [n, row] of rows.entries()) if (there.has(ids[n] ?? "")) throw conflict(table, row);
}

async function insertRows<T extends Table>(
  session: Session,
  table: T,
  rows: readonly Rows[T][],
): Promise<void> {
  const description = SCHEMA[table];
  const position = isPositioned(description) ? [POSITION] : [];
  const columns = [...position, ...columnsOf(description)];
  const { insert } = session.dialect;
  const encoded = rows.map((row) => [
    ...("position" in row ? [row.position] : []),
    ...encodeRow(description, row),
  ]);
  await insert(session, table, columns, encoded);
  for (const [property, child] of Object.entries<Child<unknown>>(description.children)) {
    const items = rows.flatMap((row) => itemsOf(row, property, child, String(valuesOf(table, row).id)));
    const parent = { name: child.parent, type: "text" } as const;
    if (items.length > 0) await insert(session, child.table, [parent, ...child.item.columns], items);
  }
}

/** The rows of a child table that belong to a row. */
function itemsOf(row: object, property: string, { item }: Child<unknown>, id: string): (readonly Scalar[])[] {
  const items: readonly unknown[] = (row as Readonly<Record<string, readonly unknown[]>>)[property] ?? [];
  return items.map((one) => [id, ...item.encode(one)]);
}
