import pg from "pg";
import { startOwnPostgres } from "./own-postgres.ts";

/** A real PostgreSQL for the tests of this process: the one that TEST_DATABASE_URL names, or one of our own, from npm. */
export interface PostgresServer {
  /** A connection string with a new, empty schema. */
  newSchema(): Promise<string>;
  /** For looking at, and hurting, what is under test. */
  admin: pg.Pool;
}

let running: Promise<PostgresServer & { stop(): Promise<void> }> | undefined;

/** Started once, stopped when the last test of the run is over. Rejects where no server can be had. */
export function postgresServer(): Promise<PostgresServer> {
  running ??= start();
  return running;
}

after(async () => {
  const server = await running?.catch(() => undefined);
  await server?.stop();
});

async function start() {
  const given = process.env.TEST_DATABASE_URL;
  const own = given ? null : await startOwnPostgres();
  const url = given ?? own?.url ?? "";
  const admin = new pg.Pool({ connectionString: url, max: 2 });
  admin.on("error", () => {});
  await admin.query("select 1");

  const schemas: string[] = [];
  return {
    admin,
    async newSchema() {
      const name = `countersign_test_${process.pid}_${schemas.length}`;
      schemas.push(name);
      await admin.query(`create schema ${name}`);
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    async stop() {
      if (given) for (const name of schemas) await admin.query(`drop schema ${name} cascade`);
      await admin.end();
      await own?.stop();
    },
  };
}
