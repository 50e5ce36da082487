import { randomBytes } from "node:crypto";
import pg from "pg";
import { startOwnPostgres } from "./own-postgres.ts";

/**
 * The PostgreSQL of a test run: the one that TEST_DATABASE_URL names, or one from npm, started at the first
 * request. Each process that runs tests gets a database of its own, because the lock of migrations and the
 * notifications among nodes reach across all schemas of a database.
 */
interface Databases {
  create(): Promise<string>;
  stop(): Promise<void>;
}

let running: Promise<Databases> | undefined;

/** A connection string of a new, empty database. Rejects where no server can be had. */
export async function newDatabase(): Promise<string> {
  running ??= start();
  return (await running).create();
}

/** Stops the server from npm, or drops what was created on another one. */
export async function stopDatabases(): Promise<void> {
  const databases = await running?.catch(() => undefined);
  running = undefined;
  await databases?.stop();
}

async function start(): Promise<Databases> {
  const given = process.env.TEST_DATABASE_URL;
  const own = given ? null : await startOwnPostgres();
  const url = own?.url ?? String(given);
  const admin = new pg.Pool({ connectionString: url, max: 1 });
  admin.on("error", () => {});
  await admin.query("select 1");

  const names: string[] = [];
  return {
    async create() {
      const name = `countersign_test_${randomBytes(6).toString("hex")}`;
      names.push(name);
      await admin.query(`create database ${name}`);
      return Object.assign(new URL(url), { pathname: `/${name}` }).href;
    },
    async stop() {
      if (given) for (const name of names) await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
      await own?.stop();
    },
  };
}
