import type { DatabaseSync } from "node:sqlite";
import { conflict, isSame } from "../conflict.ts";
import { INSERTIONS, type Insertion } from "../kept-rows.ts";
import type { Rows, Table } from "../rows.ts";
import { createReaders } from "./kept.ts";
import { type Query, query } from "./statements.ts";

export interface Restoring {
  /**
   * Puts rows where a snapshot had them; returns how many were not there yet. Runs inside a transaction.
   *
   * @throws CountersignError `conflict`.
   */
  restore<T extends Table>(table: T, rows: readonly Rows[T][]): number;
}

export function createRestoring(db: DatabaseSync): Restoring {
  const readers = createReaders(db);
  const insert = createInsert(db);
  const isKept = query<{ id: string }>(db, "select id from events where id = ?");
  const wasKept = query<{ id: string }>(db, "select id from tombstones where id = ?");

  /** An id is either an event's or that of one that is gone. */
  const isElsewhere: { readonly [T in Table]?: (row: Rows[T]) => boolean } = {
    events: ({ event }) => wasKept.one(event.id) !== undefined,
    tombstones: ({ id }) => isKept.one(id) !== undefined,
  };

  function isThere<T extends Table>(table: T, row: Rows[T]): boolean {
    const [there] = readers[table].inPlaceOf(row);
    if (there ? !isSame(there, row) : isElsewhere[table]?.(row)) throw conflict(table, row);
    return there !== undefined;
  }

  return {
    restore(table, rows) {
      let added = 0;
      for (const row of rows) {
        if (isThere(table, row)) continue;
        for (const insertion of INSERTIONS[table](row)) for (const part of apart(insertion)) insert(part);
        added += 1;
      }
      return added;
    },
  };
}

/** A receipt's body is in a table of its own. */
function apart({ into, row }: Insertion): readonly Insertion[] {
  if (into !== "receipts") return [{ into, row }];
  const { position = null, body = null, ...rest } = row;
  const size = body instanceof Uint8Array ? body.length : 0;
  return [
    { into, row: { position, ...rest, size } },
    { into: "bodies", row: { position, body } },
  ];
}

/** Each table's statement is prepared when its first row comes: the rows of one table name the same columns in the same order. */
function createInsert(db: DatabaseSync): (insertion: Insertion) => void {
  const statements = new Map<string, Query<never>>();
  return ({ into, row }) => {
    const statement = statements.get(into) ?? prepare(into, Object.keys(row));
    statements.set(into, statement);
    statement.run(...Object.values(row));
  };

  function prepare(table: string, columns: readonly string[]): Query<never> {
    const values = columns.map(() => "?").join(", ");
    return query(db, `insert into ${table} (${columns.join(", ")}) values (${values})`);
  }
}
