import { readdirSync, readFileSync } from "node:fs";
import type { Client } from "pg";
import { CountersignError } from "../../domain/errors.ts";
import { isLocked } from "./errors.ts";

const FOLDER = new URL("./migrations/", import.meta.url);
/** Any number that nobody else locks: "counters" in bytes, without the sign. */
export const MIGRATION_LOCK = "7165917418013225587";

/** How long another node may be at it before that is said, in milliseconds. */
const LOCK_TIMEOUT_MS = 15_000;

/**
 * Brings a database to the newest schema, one file one transaction; of nodes that start together one does it and the others
 * wait. `place` is what the messages call it. A database that a newer Countersign has written is refused. The connection is of
 * no use when this throws.
 *
 * @throws CountersignError `store_unavailable` when something has been in the way for `lockMs` milliseconds.
 */
export async function migrate(client: Client, place: string, lockMs = LOCK_TIMEOUT_MS): Promise<void> {
  try {
    await client.query(`set lock_timeout = ${lockMs}`);
    await migrateLocked(client, place);
  } catch (error) {
    throw isLocked(error) ? inTheWay(place, error) : error;
  }
}

async function migrateLocked(client: Client, place: string): Promise<void> {
  // Given back below, or with the connection when something goes wrong.
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  const migrations = readMigrations();
  const newest = migrations.at(-1)?.version ?? 0;
  const current = await versionOf(client);
  if (current > newest) throw fromTheFuture(place, current, newest);
  for (const { version, sql } of migrations) {
    if (version <= current) continue;
    await client.query(`begin; ${sql}; update countersign_schema set version = ${version}; commit`);
  }
  await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
}

function readMigrations(): readonly { version: number; sql: string }[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({
      version: Number.parseInt(name, 10),
      sql: readFileSync(new URL(name, FOLDER), "utf8").trim().replace(/;$/, ""),
    }));
}

async function versionOf(client: Client): Promise<number> {
  await client.query(
    `create table if not exists countersign_schema (one integer primary key default 1 check (one = 1), version integer not null);
     insert into countersign_schema (version) values (0) on conflict do nothing`,
  );
  const { rows } = await client.query<{ version: number }>("select version from countersign_schema");
  return rows[0]?.version ?? 0;
}

function inTheWay(place: string, cause: unknown): CountersignError {
  return new CountersignError(
    "store_unavailable",
    `the schema of the store ${place} is locked by another connection: a node that is migrating it, ` +
      "or one that a pooler has left open (`select * from pg_locks where locktype = 'advisory'` shows it)",
    { cause },
  );
}

function fromTheFuture(place: string, current: number, newest: number): CountersignError {
  return new CountersignError(
    "cannot_start",
    `the store ${place} was written by a newer Countersign (schema ${current}, this one knows ${newest}): ` +
      "run that version, or give `store` another database",
  );
}
