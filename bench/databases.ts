import pg from "pg";
import { startOwnPostgres } from "../test/support/own-postgres.ts";
import type { Bench } from "./bench.ts";

/** A PostgreSQL for one stage, with durable default settings. */
export interface Database {
  /** A connection string with a schema of its own, new and empty. */
  newSchema(): Promise<string>;
  /** Runs background work now: vacuum, statistics and a checkpoint. */
  calm(): Promise<void>;
}

const DURABLE = ["fsync", "synchronous_commit", "full_page_writes"];

export async function startDatabase(bench: Bench): Promise<Database> {
  const server = await startOwnPostgres({ durable: true });
  bench.atEnd(() => server.stop());
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const result = await client.query(text);
    await client.end();
    return result;
  };
  for (const name of DURABLE) {
    const { rows } = await query(`select current_setting('${name}') as value`);
    if (rows[0]?.value !== "on") throw new Error(`the database has ${name} ${rows[0]?.value}`);
  }
  let schemas = 0;
  return {
    async newSchema() {
      const name = `bench_${++schemas}`;
      await query(`create schema ${name}`);
      return `${server.url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    async calm() {
      await query("vacuum analyze");
      await query("checkpoint");
    },
  };
}
