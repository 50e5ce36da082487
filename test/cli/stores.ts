import { join } from "node:path";
import { parseConfig } from "../../src/config.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { fillStore } from "../store/filled.ts";
import { aFolder } from "../support/bridge.ts";
import { postgresServer } from "../support/postgres-server.ts";
import { runCommand } from "./terminal.ts";

/** Stores as `--store` names them, each empty and its own. */
export const STORES = {
  sqlite: async () => `sqlite:${join(aFolder(), "countersign.db")}`,
  lowdb: async () => `lowdb:${join(aFolder(), "countersign.json")}`,
  postgres: async () => (await postgresServer()).newSchema(),
} as const;
export const KINDS = ["sqlite", "lowdb", "postgres"] as const;

/** For `before`: starts a server, or skips the tests with the reason. */
export async function needPostgres(this: Mocha.Context): Promise<void> {
  // The first test that needs the server waits for its start, which a busy disk makes long.
  this.timeout(180_000);
  try {
    await postgresServer();
  } catch (error) {
    console.warn(`\n  POSTGRESQL IS NOT TESTED. ${error}\n`);
    this.skip();
  }
}

/** Runs `work` with a store that no one else has open. */
export async function inStore<T>(name: string, work: (store: Store) => Promise<T>): Promise<T> {
  const { config } = await parseConfig(JSON.stringify({ store: name }), "c.yaml", {});
  if (!config) throw new Error(`${name} names no store`);
  const store = await openStore(config.store, () => {}, { retries: 0 });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A store in which every table holds something. */
export async function aFilledStore(kind: keyof typeof STORES = "sqlite"): Promise<string> {
  const name = await STORES[kind]();
  await inStore(name, fillStore);
  return name;
}

/** The export of a store, as a file of its own. */
export async function anExport(store: string): Promise<string> {
  const file = join(aFolder(), "all.ndjson");
  const { code, stderr } = await runCommand(["export", "--store", store, "--to", file]);
  if (code !== 0) throw new Error(stderr);
  return file;
}
