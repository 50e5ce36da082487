import { readdirSync, readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { CountersignError } from "../../domain/errors.ts";

const FOLDER = new URL("./migrations/", import.meta.url);

interface Migration {
  version: number;
  sql: string;
}

/**
 * Brings a database to the newest schema, one file one transaction. `file` is what the messages call it. A database that a
 * newer Countersign has written is refused: an older one could not keep what the newer one promised.
 */
export function migrate(db: DatabaseSync, file: string): void {
  const migrations = readMigrations();
  const newest = migrations.at(-1)?.version ?? 0;
  const current = versionOf(db);
  if (current > newest) {
    throw new CountersignError(
      "cannot_start",
      `the store ${file} was written by a newer Countersign (schema ${current}, this one knows ${newest}): ` +
        "run that version, or give `store` another file",
    );
  }
  for (const { version, sql } of migrations) {
    if (version <= current) continue;
    db.exec(`begin immediate; ${sql}; pragma user_version = ${version}; commit;`);
  }
}

function readMigrations(): readonly Migration[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({
      version: Number.parseInt(name, 10),
      sql: readFileSync(new URL(name, FOLDER), "utf8").trim().replace(/;$/, ""),
    }));
}

function versionOf(db: DatabaseSync): number {
  const row = db.prepare("pragma user_version").get();
  return Number(row?.user_version ?? 0);
}
