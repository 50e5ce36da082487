import type { DatabaseSync } from "node:sqlite";
import { missingMigrations } from "../sql/migrations.ts";

const FOLDER = new URL("./migrations/", import.meta.url);

/**
 * Brings a database to the newest schema, each migration in a transaction of its own. `file` is its name in
 * messages.
 *
 * @throws CountersignError `cannot_start` when its schema is newer.
 */
export function migrate(db: DatabaseSync, file: string): void {
  for (const { version, sql } of missingMigrations(FOLDER, versionOf(db), { place: file, other: "file" }))
    db.exec(`begin immediate; ${sql}; pragma user_version = ${version}; commit;`);
}

function versionOf(db: DatabaseSync): number {
  const row = db.prepare("pragma user_version").get();
  return Number(row?.user_version ?? 0);
}
