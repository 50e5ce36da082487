import type { DatabaseSync } from "node:sqlite";
import type { DbRow } from "../columns.ts";
import { type Child, columnsOf, isPositioned, namesOf } from "../description.ts";
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
  db.exec(`create temp table changed ("table" text, key, primary key ("table", key)) without rowid`);
  for (const table of TABLES) addTriggers(db, table);
  const { dialect } = createSession(db);
  const readers = new Map(TABLES.map((table) => [table, createReader(db, table, dialect)]));
  const changed = query<Pick<Change, "table" | "key">>(db, `select "table", key from changed`);
  const forget = query(db, "delete from changed");
  return () => {
    const keys = changed.all();
    if (keys.length > 0) forget.run();
    return keys.map(({ table, key }) => ({ table, key, row: readers.get(table)?.(key) ?? null }));
  };
}

/** The row that a trigger is about. */
const OPERATIONS = { insert: "new", update: "new", delete: "old" } as const;

/** Notes changes of the table, of columns that SQLite stores apart from it, and of its child tables. */
function addTriggers(db: DatabaseSync, table: Table): void {
  const { order, children } = SCHEMA[table];
  const add = (on: string, keyOf: (row: "new" | "old") => string) => {
    for (const [operation, row] of Object.entries(OPERATIONS))
      db.exec(
        `create temp trigger ${table}_${on}_${operation} after ${operation} on main.${on} begin
           insert or ignore into changed select '${table}', ${keyOf(row)};
         end`,
      );
  };
  const own = (row: string) => order.map((name) => `${row}.${name}`).join(", ");
  add(table, isPositioned(SCHEMA[table]) ? own : (row) => `json_array(${own(row)})`);
  for (const { apartInSqlite } of columnsOf(SCHEMA[table])) if (apartInSqlite) add(apartInSqlite, own);
  for (const child of Object.values<Child<unknown>>(children))
    add(child.table, (row) => `position from ${table} where id = ${row}.${child.parent}`);
}

/** Reads a row by its key, with its children. */
function createReader(
  db: DatabaseSync,
  table: Table,
  dialect: Dialect,
): (key: number | string) => Rows[Table] | null {
  const description = SCHEMA[table];
  const positioned = isPositioned(description);
  const columns = columnsOf(description);
  const names = description.order.join(", ");
  const found = query<DbRow>(
    db,
    `select ${positioned ? "position, " : ""}${selectOf(dialect, columns)}
     from ${table}${joinApart(dialect, columns)}
     where (${names}) = (${description.order.map(() => "?").join(", ")})`,
  );
  const children = Object.entries<Child<unknown>>(description.children).map(([property, child]) => {
    const { item, order, parent } = child;
    const rows = query<DbRow>(
      db,
      `select ${namesOf(item.columns)} from ${child.table} where ${parent} = ? order by ${order.join(", ")}`,
    );
    return (id: string) => [property, rows.all(id).map((row) => item.decode(row))] as const;
  });

  return (key) => {
    const row = found.one(...(positioned ? [key] : JSON.parse(String(key))));
    if (!row) return null;
    const position = positioned ? { position: row.position } : {};
    const belonging = Object.fromEntries(children.map((childrenOf) => childrenOf(String(row.id))));
    return { ...position, ...description.own.decode(row), ...belonging } as Rows[Table];
  };
}
