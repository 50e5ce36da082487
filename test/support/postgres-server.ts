import pg from "pg";
import { newDatabase, stopDatabases } from "./databases.ts";

/** A database of this process alone, on a real PostgreSQL. */
export interface PostgresServer {
  /** A connection string with a new, empty schema. */
  newSchema(): Promise<string>;
  /** For looking at, and damaging, the database under test. */
  admin: pg.Pool;
}

/** Where a process of a parallel run asks for its database (test/support/setup.ts). */
const BROKER = process.env.TEST_DATABASE_BROKER;

let running: Promise<PostgresServer & { close(): Promise<void> }> | undefined;

/** Connects once a process. Rejects where no server can be had. */
export function postgresServer(): Promise<PostgresServer> {
  running ??= connect();
  return running;
}

// A process of a parallel run goes on to other files with the same database, and the server ends with the
// run.
if (!BROKER) {
  after(async () => {
    const server = await running?.catch(() => undefined);
    await server?.close();
    await stopDatabases();
  });
}

async function connect() {
  const url = await (BROKER ? askForDatabase(BROKER) : newDatabase());
  const admin = new pg.Pool({ connectionString: url, max: 2 });
  admin.on("error", () => {});
  let schemas = 0;
  return {
    admin,
    async newSchema() {
      const name = `test_${schemas++}`;
      await admin.query(`create schema ${name}`);
      return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    close: () => admin.end(),
  };
}

async function askForDatabase(broker: string): Promise<string> {
  const answer = await fetch(broker);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}
