import type { DatabaseSync } from "node:sqlite";
import type { DbRow } from "../columns.ts";
import { allColumnsOf, assembleRow, type Child, columnsOf, isPositioned } from "../description.ts";
import { type Rows, TABLES, type Table } from "../rows.ts";
import { type Dialect, joinApart, selectOf } from "../sql/session.ts";
import { SCHEMA } from "../tables.ts";
import { createSession } from "./session.ts";
import { query } from "./statements.ts";

/** A row as it is outside of the database (../rows.ts), after a change. */
export interface Change {
  table: Table;
  /** The row's position, or its names as JSON. */
  key: number | string;
  /** Null: the row is gone. */
  row: Rows[Table] | null;
}

/**
 * From now on triggers note every change in a table, which is rolled back as all others are. The returned
 * function gives the rows that changed since its last call, as they are at that moment.
 */
export function watchChanges(db: DatabaseSync): () => readonly Change[] {
  db.exec(
    "create temp table changed (of_table text, row_key, primary key (of_table, row_key)) without rowid",
  );
  for (const table of TABLES) addTriggers(db, table);
  const { dialect } = createSession(db);
  const readers = new Map(TABLES.map((table) => [table, createReader(db, table, dialect)]));
  const changed = query<{ of_table: Table; row_key: Change["key"] }>(
    db,
    "select of_table, row_key from changed",
  );
  const forget = query(db, "delete from changed");

  return () => {
    const noted = changed.all();
    if (noted.length === 0) return [];
    const tables = new Set(noted.map((one) => one.of_table));
    const rows = new Map([...tables].map((table) => [table, readers.get(table)?.()]));
    forget.run();
    return noted.map(({ of_table: table, row_key: key }) => {
      return { table, key, row: rows.get(table)?.get(key) ?? null };
    });
  };
}

/** The row that a trigger is about. */
const OPERATIONS = { insert: "new", update: "new", delete: "old" } as const;

/** Notes changes of the table, of columns that SQLite stores apart from it, and of its child tables. */
function addTriggers(db: DatabaseSync, table: Table): void {
  const { order, children } = SCHEMA[table];
  const add = (on: string, keyOf: (row: "new" | "old") => { key: string; where: string }) => {
    for (const [operation, row] of Object.entries(OPERATIONS)) {
      const { key, where } = keyOf(row);
      // Not "or ignore": the conflict clause of the statement that fires the trigger would replace it.
      db.exec(
        `create temp trigger ${table}_${on}_${operation} after ${operation} on main.${on} begin
           insert into changed select '${table}', ${key} ${where}
             not exists (select 1 from changed where of_table = '${table}' and row_key = ${key});
         end`,
      );
    }
  };
  const own = (row: string) => order.map((name) => `${row}.${name}`).join(", ");
  const keyOf = isPositioned(SCHEMA[table]) ? own : (row: string) => `json_array(${own(row)})`;
  add(table, (row) => ({ key: keyOf(row), where: "where" }));
  for (const { apartInSqlite } of columnsOf(SCHEMA[table]))
    if (apartInSqlite) add(apartInSqlite, (row) => ({ key: keyOf(row), where: "where" }));
  for (const child of Object.values<Child<unknown>>(children))
    add(child.table, (row) => {
      return { key: "t.position", where: `from ${table} t where t.${child.of} = ${row}.${child.parent} and` };
    });
}

/**
 * Reads the changed rows of a table that are there, with their children: a few statements for any number of
 * rows.
 */
function createReader(
  db: DatabaseSync,
  table: Table,
  dialect: Dialect,
): () => ReadonlyMap<Change["key"], Rows[Table]> {
  const description = SCHEMA[table];
  const columns = allColumnsOf(description);
  const isIt = isPositioned(description)
    ? "t.position = row_key"
    : description.order.map((name, n) => `t.${name} = json_extract(row_key, '$[${n}]')`).join(" and ");
  const from = `from changed cross join ${table} t on ${isIt}`;
  const own = query<Keyed>(
    db,
    `select row_key, ${selectOf(dialect, columns)} ${from}${joinApart(dialect, columns)}
     where of_table = '${table}'`,
  );
  const children = Object.entries<Child<unknown>>(description.children).map(([property, child]) => {
    const names = child.item.columns.map(({ name }) => `c.${name}`).join(", ");
    const rows = query<Keyed>(
      db,
      `select row_key, ${names} ${from} join ${child.table} c on c.${child.parent} = t.${child.of}
       where of_table = '${table}' order by ${child.order.map((name) => `c.${name}`).join(", ")}`,
    );
    return { property, read: () => Map.groupBy(rows.all(), (row) => row.row_key), item: child.item };
  });

  return () => {
    const belonging = children.map(({ read, ...child }) => ({ ...child, rows: read() }));
    const itemsOf = (key: Change["key"]) =>
      belonging.map(
        ({ property, item, rows }) =>
          [property, (rows.get(key) ?? []).map((row) => item.decode(row))] as const,
      );
    return new Map(
      own.all().map((row) => {
        const { row_key: key } = row;
        return [key, assembleRow<Rows[Table]>(description, row, itemsOf(key))];
      }),
    );
  };
}

/** A row of the database with the key under which its change was noted. */
type Keyed = DbRow & { row_key: Change["key"] };
