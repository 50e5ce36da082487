import type { DatabaseSync } from "node:sqlite";
import { namesOf } from "../description.ts";
import { TABLES, type Table } from "../rows.ts";
import { fill } from "../sql/restore.ts";
import { watchChanges } from "../sqlite/changes.ts";
import { createSession } from "../sqlite/session.ts";
import { query } from "../sqlite/statements.ts";
import { SCHEMA } from "../tables.ts";
import { type Contents, lineOf, rowOf } from "./contents.ts";
import { createJournal, type Journal } from "./journal.ts";
import { createTableLines, type TableLines } from "./lines.ts";

/** The rows of a database in memory as lines of the file. */
export interface WorkingCopy extends Readonly<Record<Table, TableLines>> {
  /** Of the newest row of any table, also of one that was removed. */
  readonly position: number;
  /** Takes back changes of the lines; the database has its transaction for that. */
  readonly journal: Journal;
  /** Brings the lines up to date with the database. */
  follow(): void;
  /** Removes the oldest rejections until the others take no more than this in the file, in bytes. */
  trimRejections(maxBytes: number): void;
}

/** Their rows have no position, and are sorted by name. */
const NAMED = ["links", "destinations", "tallies", "notes"] as const satisfies readonly Table[];
const POSITIONED = TABLES.filter(
  (table) => table !== "links" && table !== "destinations" && table !== "tallies" && table !== "notes",
);

/** Fills an empty database with the contents of the file, and watches its changes from then on. */
export async function createWorkingCopy(db: DatabaseSync, contents: Contents): Promise<WorkingCopy> {
  const session = createSession(db);
  const journal = createJournal();
  const tables = TABLES.map((table) => [table, createTableLines(journal)]);
  const lines: Readonly<Record<Table, TableLines>> = Object.fromEntries(tables);

  db.exec("begin");
  for (const table of POSITIONED) {
    const rows = [...contents[table]].map(rowOf<typeof table>);
    await fill(session, table, rows);
    for (const row of rows) lines[table].put(row.position, lineOf(row));
  }
  sortAttempts(db);
  goOnBehind(db, contents.position);
  const takeChanges = watchChanges(db);
  for (const table of NAMED) await fill(session, table, [...contents[table]].map(rowOf<typeof table>));
  follow();
  db.exec("commit");
  journal.clear();

  function follow(): void {
    for (const { table, key, row } of takeChanges()) lines[table].put(key, row && lineOf(row));
  }

  const newest = query<{ position: number }>(db, "select max(seq) as position from sqlite_sequence");
  const dropOldest = query(
    db,
    "delete from rejections where position = (select min(position) from rejections)",
  );
  return {
    ...lines,
    journal,
    follow,
    trimRejections(maxBytes) {
      while (lines.rejections.bytes > maxBytes) {
        dropOldest.run();
        follow();
      }
    },
    get position() {
      return newest.one()?.position ?? 0;
    },
  };
}

/** In the file they lie with their delivery; retention expects the oldest first. */
function sortAttempts(db: DatabaseSync): void {
  const { parent, item } = SCHEMA.deliveries.children.history;
  const columns = `${parent}, ${namesOf(item.columns)}`;
  db.exec(
    `create temp table sorted as select ${columns} from attempts order by started_at, position;
     delete from attempts;
     insert into attempts (${columns}) select ${columns} from sorted order by rowid;
     drop table sorted`,
  );
}

/** No position is given twice, not even that of a removed row. */
function goOnBehind(db: DatabaseSync, position: number): void {
  const begin = query(db, "insert into sqlite_sequence (name, seq) values (?, ?)");
  db.exec("delete from sqlite_sequence");
  for (const table of POSITIONED) begin.run(table, position);
}
