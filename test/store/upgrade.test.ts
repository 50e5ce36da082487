import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import pg from "pg";
import { parseLine } from "../../src/backup/ndjson.ts";
import { openLowdbStore } from "../../src/store/lowdb.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import { type Rows, TABLES } from "../../src/store/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { needPostgres } from "../cli/stores.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { postgresServer } from "../support/postgres-server.ts";
import { claim, contentsOf } from "./filled.ts";

/**
 * Stores of earlier versions (scripts/write-store-fixture.ts): a folder for each that had a schema of its
 * own.
 */
const FIXTURES = fileURLToPath(new URL("./released/", import.meta.url));

let tokens = 0;
const token = () => `new-${tokens++}`;

/** Open a copy of a version's store. */
const OPENERS: Readonly<Record<string, (fixture: string, folder: string) => Promise<Store>>> = {
  async sqlite(fixture, folder) {
    const file = join(folder, "store.db");
    copyFileSync(join(fixture, "sqlite.db"), file);
    return openSqliteStore({ file, token });
  },
  async lowdb(fixture, folder) {
    const file = join(folder, "store.json");
    copyFileSync(join(fixture, "lowdb.json"), file);
    return openLowdbStore({ file, token, warn: expect.fail });
  },
  async postgres(fixture) {
    const url = await (await postgresServer()).newSchema();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(readFileSync(join(fixture, "postgres.sql"), "utf8"));
    await client.end();
    return openPostgresStore({ url, token });
  },
};

for (const version of readdirSync(FIXTURES)) {
  for (const [name, open] of Object.entries(OPENERS)) {
    describe(`a ${name} store of version ${version}`, function () {
      this.timeout(60_000);
      const fixture = join(FIXTURES, version);
      let folder: string;
      let store: Store;
      if (name === "postgres") before(needPostgres);
      beforeEach(async () => {
        folder = mkdtempSync(join(tmpdir(), "countersign-"));
        store = await open(fixture, folder);
      });
      afterEach(async () => {
        await store.close();
        rmSync(folder, { recursive: true });
      });

      it("has all its rows", async () => {
        const lines = readFileSync(join(fixture, `${name}.rows.ndjson`), "utf8")
          .trimEnd()
          .split("\n");
        const before = lines.map((line, index) => parseLine(line, index + 1));
        const contents = await contentsOf(store);
        expect(TABLES.flatMap((table) => contents[table].map((row) => ({ table, row })))).to.deep.equal(
          before.map((line) => (line.kind === "row" ? completed(line.of) : line)),
        );
      });

      it("leases its scheduled deliveries, each at its time", async () => {
        const due = [...(await contentsOf(store)).deliveries].flatMap(({ delivery }) =>
          delivery.destination === "crm" && delivery.status === "pending"
            ? [{ id: delivery.id, dueAt: delivery.dueAt ?? expect.fail(`${delivery.id} is never due`) }]
            : [],
        );
        expect(due.map(({ dueAt }) => dueAt - NEW_YEAR)).to.include(300_000);
        for (const { id, dueAt } of due.toSorted((a, b) => a.dueAt - b.dueAt)) {
          const early = await claim(store, dueAt - 1, { limit: 1 });
          expect(early.map(({ delivery }) => delivery.id)).not.to.include(id);
          const leases = await claim(store, dueAt);
          expect(leases.map(({ delivery }) => delivery.id)).to.include(id);
        }
      });
    });
  }
}

/** With what later versions added to its table. */
function completed(of: { table: string; row: object }): object {
  if (of.table === "deliveries") return { ...of, row: { ...of.row, acknowledgedAt: null, batch: null } };
  if (of.table !== "receipts") return of;
  const row = of.row as Rows["receipts"];
  return { ...of, row: { ...row, receipt: { ...row.receipt, shadow: null } } };
}
