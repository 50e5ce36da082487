import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { rowLine } from "../src/backup/ndjson.ts";
import { openLowdbStore } from "../src/store/lowdb.ts";
import { openPostgresStore } from "../src/store/postgres.ts";
import { TABLES } from "../src/store/rows.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { contentsOf, fillStore } from "../test/store/filled.ts";
import { startOwnPostgres } from "../test/support/own-postgres.ts";

/**
 * Writes a small store of each kind as this version keeps it: `node scripts/write-store-fixture.ts 0.1.0`.
 * Called once for each version that is released with a schema of its own, and never again: later versions
 * must open what is there.
 */

const [version = ""] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+$/.test(version)) throw new Error("name the version, such as 0.1.0");
const folder = fileURLToPath(new URL(`../test/store/released/${version}/`, import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

let tokens = 0;
const token = () => `token-${tokens++}`;

/** Fills it, and writes beside it what it holds by then. */
async function fill(name: string, store: Store): Promise<void> {
  await fillStore(store);
  const contents = await contentsOf(store);
  const lines = TABLES.flatMap((table) => contents[table].map((row) => rowLine(table, row)));
  writeFileSync(join(folder, `${name}.rows.ndjson`), lines.join(""));
  await store.close();
}

await fill("sqlite", openSqliteStore({ file: join(folder, "sqlite.db"), token }));
await fill(
  "lowdb",
  await openLowdbStore({
    file: join(folder, "lowdb.json"),
    token,
    warn: (message) => console.error(message),
  }),
);
for (const rest of ["lowdb.json.bak", "lowdb.json.lock"]) rmSync(join(folder, rest), { force: true });

const server = await startOwnPostgres();
try {
  await fill("postgres", await openPostgresStore({ url: server.url, token }));
  writeFileSync(join(folder, "postgres.sql"), await dump(server.url));
} finally {
  await server.stop();
}

/** The schema as it was, and every row of every table. */
async function dump(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = current_schema() and table_type = 'BASE TABLE' order by 1",
    );
    const inserts: string[] = [];
    for (const { name } of rows) {
      const { rows: all } = await client.query<{ text: string | null }>(
        `select json_agg(t)::text as text from ${name} t`,
      );
      const text = all[0]?.text?.replaceAll("'", "''");
      if (text)
        inserts.push(
          `insert into ${name} overriding system value select * from json_populate_recordset(null::${name}, '${text}') on conflict do nothing;`,
        );
    }
    const migrations = new URL("../src/store/postgres/migrations/", import.meta.url);
    const schema = readdirSync(migrations)
      .sort()
      .map((name) => readFileSync(new URL(name, migrations), "utf8"));
    return `${schema.join("\n")}
create table countersign_schema (one integer primary key default 1 check (one = 1), version integer not null);
${inserts.join("\n")}
select setval(pg_get_serial_sequence(name, 'position'), 1000) from unnest(array['receipts', 'rejections', 'documents', 'events', 'tombstones', 'deliveries', 'attempts', 'audit']) name;
`;
  } finally {
    await client.end();
  }
}
