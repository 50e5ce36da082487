import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../domain/errors.ts";
import type { Snapshot } from "../port/backup.ts";
import { countRows, pageOf } from "../sql/rows.ts";
import { read } from "./errors.ts";
import { createSession } from "./session.ts";
import { query } from "./statements.ts";

/** SQLite's own number for a file that is damaged. */
const CORRUPT = 11;

/**
 * A second connection inside a transaction that only reads: in WAL mode it sees what was committed before,
 * while the first connection goes on. A store in memory has one connection alone, so it is copied.
 */
export function openSnapshot(db: DatabaseSync, file: string, timeout: number): Snapshot {
  const copy = file === ":memory:" ? copied(db) : connected(file, timeout);
  const session = createSession(copy);
  return {
    counts: () => countRows(session),
    rows: (table, page) => pageOf(session, table, page),
    damage: () => read(() => findDamage(copy)),
    async close() {
      copy.close();
    },
  };
}

function connected(file: string, timeout: number): DatabaseSync {
  const copy = new DatabaseSync(file, { readOnly: true, timeout });
  try {
    // The transaction sees the moment of its first read.
    copy.exec("begin; select one from probe");
    return copy;
  } catch (error) {
    copy.close();
    throw error;
  }
}

let copies = 0;

/** In memory as well: the rows of such a store are in no file that it did not write itself. */
function copied(db: DatabaseSync): DatabaseSync {
  copies += 1;
  const name = `file:snapshot-${copies}?mode=memory&cache=shared`;
  const copy = new DatabaseSync(name);
  query(db, "vacuum into ?").run(name);
  return copy;
}

function findDamage(db: DatabaseSync): readonly string[] {
  try {
    const lines = query<{ integrity_check: string }>(db, "pragma integrity_check").all();
    const damage = lines.map((line) => line.integrity_check).filter((line) => line !== "ok");
    return [...damage, ...bodiless(db).map(({ id }) => `${id} has lost its body`)];
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === CORRUPT) return [messageOf(error)];
    throw error;
  }
}

/** Receipts are read together with their bodies, so one without a body would not be seen at all. */
function bodiless(db: DatabaseSync): readonly { id: string }[] {
  return query<{ id: string }>(
    db,
    "select id from receipts left join bodies using (position) where bodies.position is null",
  ).all();
}
