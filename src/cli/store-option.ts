import { existsSync } from "node:fs";
import { type Config, parseConfig } from "../config.ts";
import { CountersignError } from "../domain/errors.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { readConfig, type Terminal } from "./terminal.ts";

/** For commands that open a store themselves, instead of asking a running bridge. */

export const STORE_OPTION = [
  "--store <store>",
  "another one than the configuration's, written as there: relative paths are from the folder of --config",
] as const;

export interface StoreOptions {
  config: string;
  store?: string;
}

export interface StoreChoice {
  place: Config["store"];
  /** Null: `--store` said which, so the configuration was not read, and need not be there. */
  config: Config | null;
}

/**
 * Null after every problem of the configuration was printed.
 *
 * @throws CountersignError `bad_request` when `--store` names no store.
 */
export async function chooseStore(
  { config: file, store }: StoreOptions,
  terminal: Terminal,
): Promise<StoreChoice | null> {
  if (store === undefined) {
    const config = await readConfig(file, terminal);
    return config && { place: config.store, config };
  }
  const { config, problems } = await parseConfig(JSON.stringify({ store }), file, terminal.env);
  if (config) return { place: config.store, config: null };
  const complaints = problems.map(({ message }) => message.replace("`store`: ", ""));
  throw new CountersignError("bad_request", `--store: ${complaints.join("; ")}`);
}

/**
 * Opens the store for as long as `work` takes. A database is not waited for.
 *
 * @throws CountersignError `cannot_start`; `not_found` for a file that is not there, unless it may be made.
 */
export async function withStore<T>(
  place: Config["store"],
  { stderr }: Pick<Terminal, "stderr">,
  { mayBeMade }: { mayBeMade: boolean },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  if (!mayBeMade && place.kind !== "postgres" && !existsSync(place.file))
    throw new CountersignError("not_found", `there is no store ${place.file}: name another one with --store`);
  const store = await openStore(place, (message) => stderr.write(`countersign: ${message}\n`), 0);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A file, or a database without its password. */
export function placeOf(store: Config["store"]): string {
  if (store.kind !== "postgres") return store.file;
  const { protocol, host, pathname } = new URL(store.url);
  return `${protocol}//${host}${pathname}`;
}
