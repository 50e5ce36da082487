import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Column, Scalar } from "../columns.ts";
import { POSITION } from "../description.ts";
import type { Dialect, Session, Value } from "../sql/session.ts";
import { asFault } from "./errors.ts";
import { placeholders, type Query, query } from "./statements.ts";

/** The number of texts has no bound: it depends on filters and on the number of given rows. */
const MAX_PREPARED = 100;

/**
 * The connection for shared statements. Each runs at once, in the main thread; only its result waits for its
 * turn. Prepared statements are kept by their text.
 *
 * @throws CountersignError `store_unavailable` when SQLite reports a fault.
 */
export function createSession(db: DatabaseSync): Session {
  const prepared = new Map<string, Query<unknown>>();

  function prepare(text: string): Query<unknown> {
    const known = prepared.get(text);
    if (known) return known;
    if (prepared.size === MAX_PREPARED) prepared.clear();
    const statement = query<unknown>(db, text);
    prepared.set(text, statement);
    return statement;
  }

  /** All rows in one turn: to wait for each takes longer than to insert it. */
  function insert(table: string, columns: readonly Column[], rows: readonly (readonly Scalar[])[]): void {
    for (const { into, places } of targetsOf(table, columns)) {
      const names = places.map((n) => columns[n]?.name);
      const text = `insert into ${into} (${names.join(", ")}) values ${placeholders(names.length)}`;
      const statement = prepare(text);
      for (const row of rows) statement.run(...places.map((n) => row[n] ?? null));
    }
  }

  return {
    rows: async <Row>(text: string, values: readonly Value[] = []) =>
      guarded(() => prepare(text).all(...values.map(toInput)) as Row[]),
    run: async (text, values = []) => guarded(() => prepare(text).run(...values.map(toInput))),
    dialect: { ...SQLITE, insert: async (_session, ...given) => guarded(() => insert(...given)) },
  };
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asFault(error);
  }
}

function toInput(value: Value): SQLInputValue {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "object" && value !== null && !(value instanceof Uint8Array))
    throw new Error("SQLite takes no lists");
  return value;
}

const SQLITE: Omit<Dialect, "insert"> = {
  isPostgres: false,
  bytewise: "",
  given(columns, rows) {
    const names = columns.map(({ name }, n) => `column${n + 1} as ${name}`).join(", ");
    const row = placeholders(columns.length);
    return {
      from: `(select ${names} from (values ${rows.map(() => row).join(", ")})) given`,
      values: rows.flat(),
    };
  },
};

/**
 * The tables that a row is inserted into, each with the places of its columns: a column apart goes with the
 * position.
 */
function targetsOf(table: string, columns: readonly Column[]) {
  const places = columns.flatMap(({ name, computed, apartInSqlite: apart }, n) =>
    computed === undefined ? [{ name, apart, n }] : [],
  );
  const here = places.filter(({ apart }) => apart === undefined);
  const position = here.filter(({ name }) => name === POSITION.name).map(({ n }) => n);
  const elsewhere = places.flatMap(({ apart, n }) =>
    apart === undefined ? [] : [{ into: apart, places: [...position, n] }],
  );
  return [{ into: table, places: here.map(({ n }) => n) }, ...elsewhere];
}
