import type { Client } from "pg";
import { CountersignError } from "../../domain/errors.ts";
import { missingMigrations } from "../sql/migrations.ts";
import { isLocked } from "./errors.ts";

const FOLDER = new URL("./migrations/", import.meta.url);

/** Advisory-lock id of the migration; arbitrary. */
export const MIGRATION_LOCK = "7165917418013225587";

/** How long another node may take to migrate. */
const LOCK_TIMEOUT_MS = 15_000;

/**
 * Brings a database to the newest schema, each migration in a transaction of its own. Of nodes that start
 * together one migrates, and the others wait. `place` is the database's name in messages. The connection is
 * unusable when this throws.
 *
 * @throws CountersignError `store_unavailable` when the lock was not free within `lockMs` milliseconds;
 * `cannot_start` when the schema is newer.
 */
export async function migrate(client: Client, place: string, lockMs = LOCK_TIMEOUT_MS): Promise<void> {
  try {
    await client.query(`set lock_timeout = ${lockMs}`);
    await migrateLocked(client, place);
  } catch (error) {
    throw isLocked(error) ? lockedByAnother(place, error) : error;
  }
}

async function migrateLocked(client: Client, place: string): Promise<void> {
  // Released below, or with the connection when a statement fails.
  await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
  const missing = missingMigrations(FOLDER, await versionOf(client), { place, other: "database" });
  for (const { version, sql } of missing)
    await client.query(`begin; ${sql}; update countersign_schema set version = ${version}; commit`);
  await client.query("select pg_advisory_unlock($1)", [MIGRATION_LOCK]);
}

async function versionOf(client: Client): Promise<number> {
  await client.query(
    `create table if not exists countersign_schema (
       one integer primary key default 1 check (one = 1), version integer not null);
     insert into countersign_schema (version) values (0) on conflict do nothing`,
  );
  const { rows } = await client.query<{ version: number }>("select version from countersign_schema");
  return rows[0]?.version ?? 0;
}

function lockedByAnother(place: string, cause: unknown): CountersignError {
  return new CountersignError(
    "store_unavailable",
    `the schema of the store ${place} is locked by another connection: a node that is migrating it, ` +
      "or one that a pooler has left open (`select * from pg_locks where locktype = 'advisory'` shows it)",
    { cause },
  );
}
