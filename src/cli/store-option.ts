import { existsSync } from "node:fs";
import { type Config, parseConfig } from "../config.ts";
import { CountersignError } from "../domain/errors.ts";
import { openStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { readConfig, type Terminal } from "./terminal.ts";

/** For commands that open a store themselves instead of calling a running bridge. */

export const STORE_OPTION = [
  "--store <store>",
  "another one than the configuration's, written as there: relative paths are from the folder of --config",
] as const;

export interface StoreOptions {
  config: string;
  store?: string;
}

/** The store that a command works on. */
export interface ChosenStore {
  place: Config["store"];
  /** Null: `--store` named the store, so the configuration was not read and may be missing. */
  config: Config | null;
}

/**
 * Null: the configuration has problems, which were printed.
 *
 * @throws CountersignError `bad_request` when `--store` names no store.
 */
export async function chooseStore(
  { config: file, store }: StoreOptions,
  terminal: Terminal,
): Promise<ChosenStore | null> {
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
 * Opens the store while `work` runs. A database that does not answer is not retried.
 *
 * @throws CountersignError `cannot_start`; `not_found` when the file is missing and may not be created.
 */
export async function withStore<T>(
  place: Config["store"],
  { stderr }: Pick<Terminal, "stderr">,
  { mayBeMade }: { mayBeMade: boolean },
  work: (store: Store) => Promise<T>,
): Promise<T> {
  if (!mayBeMade && place.kind !== "postgres" && !existsSync(place.file))
    throw new CountersignError("not_found", `there is no store ${place.file}: name another one with --store`);
  const store = await openStore(place, (message) => stderr.write(`countersign: ${message}\n`), {
    retries: 0,
  });
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
