import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { messageOf } from "../../domain/errors.ts";
import type { Snapshot } from "../port/backup.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import type { Rows, Table } from "../rows.ts";
import { TABLES } from "../rows.ts";
import { read } from "./errors.ts";
import { createReaders, type Readers } from "./kept.ts";
import { query } from "./statements.ts";

/** SQLite's own number for a file that is damaged. */
const CORRUPT = 11;

/**
 * A second connection with a transaction that only reads: written ahead as it is, the file shows it what was committed before,
 * while the first connection goes on. A store in memory has but one connection, so it is copied.
 */
export function openSnapshot(db: DatabaseSync, file: string, timeout: number): Snapshot {
  const { copy, remove } = file === ":memory:" ? copied(db) : connected(file, timeout);
  const readers = createReaders(copy);
  return {
    counts: () => read(() => countRows(copy)),
    rows: (table, page) => read(() => pageOf(readers, table, page)),
    damage: () => read(() => examine(copy)),
    async close() {
      copy.close();
      remove();
    },
  };
}

function connected(file: string, timeout: number) {
  const copy = new DatabaseSync(file, { readOnly: true, timeout });
  try {
    // It shows the moment of the first look.
    copy.exec("begin; select one from probe");
    return { copy, remove: () => {} };
  } catch (error) {
    copy.close();
    throw error;
  }
}

function copied(db: DatabaseSync) {
  const folder = mkdtempSync(join(tmpdir(), "countersign-"));
  const path = join(folder, "copy.db");
  query(db, "vacuum into ?").run(path);
  const copy = new DatabaseSync(path, { readOnly: true });
  return { copy, remove: () => rmSync(folder, { recursive: true }) };
}

function countRows(db: DatabaseSync): Readonly<Record<Table, number>> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`);
  const row = query<Record<Table, number>>(db, `select ${counts.join(", ")}`).one();
  if (!row) throw new Error("a count has no row");
  return { ...row };
}

function pageOf<T extends Table>(readers: Readers, table: T, { cursor, limit }: PageRequest): Page<Rows[T]> {
  const reader = readers[table];
  const { rows, more } = reader.page(cursor, limit);
  const last = rows.at(-1);
  return { items: rows, next: more && last ? reader.cursorOf(last) : null };
}

/** Receipts are read together with their bodies: one without would not be seen at all. */
function bodiless(db: DatabaseSync): readonly { id: string }[] {
  return query<{ id: string }>(
    db,
    "select id from receipts left join bodies using (position) where bodies.position is null",
  ).all();
}

function examine(db: DatabaseSync): readonly string[] {
  try {
    const lines = query<{ integrity_check: string }>(db, "pragma integrity_check").all();
    const damage = lines.map((line) => line.integrity_check).filter((line) => line !== "ok");
    return [...damage, ...bodiless(db).map(({ id }) => `${id} has lost its body`)];
  } catch (error) {
    if (error instanceof Error && "errcode" in error && error.errcode === CORRUPT) return [messageOf(error)];
    throw error;
  }
}
