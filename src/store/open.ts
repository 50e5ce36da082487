import { randomBytes } from "node:crypto";
import pRetry from "p-retry";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { whyNotPrivate } from "../private-files.ts";
import { filesOf as lowdbFilesOf, openLowdbStore } from "./lowdb.ts";
import { openPostgresStore } from "./postgres.ts";
import { openSqliteStore, filesOf as sqliteFilesOf } from "./sqlite.ts";
import type { Store } from "./store.ts";
import type { WarnOfStore } from "./warning.ts";

/** The store that a configuration names. */
export type StoreChoice = { kind: "sqlite" | "lowdb"; file: string } | { kind: "postgres"; url: string };

/** The files of the store, whether they exist or not. */
export function filesOf(choice: StoreChoice): readonly string[] {
  if (choice.kind === "postgres") return [];
  return (choice.kind === "sqlite" ? sqliteFilesOf : lowdbFilesOf)(choice.file);
}

/** Retries for a database that is not up yet: they take about half a minute. */
const MAX_RETRIES = 9;

export interface OpenOptions {
  /** How often a database that does not answer is asked again. */
  retries?: number;
  /** The process owns a store of files: no second one may. */
  owned?: boolean;
}

/** @throws CountersignError `cannot_start`. */
export async function openStore(
  choice: StoreChoice,
  warn: WarnOfStore,
  { retries = MAX_RETRIES, owned = false }: OpenOptions = {},
): Promise<Store> {
  const wide = whyNotPrivate(filesOf(choice));
  if (wide) warn(wide, "exposed");
  return openAdapter(choice, warn, { retries, owned });
}

async function openAdapter(
  choice: StoreChoice,
  warn: WarnOfStore,
  { retries, owned }: Required<OpenOptions>,
): Promise<Store> {
  const token = () => randomBytes(12).toString("hex");
  switch (choice.kind) {
    case "sqlite":
      return openSqliteStore({ file: choice.file, token, owned });
    case "lowdb":
      return openLowdbStore({ file: choice.file, token, warn });
    case "postgres":
      return patiently(() => openPostgresStore({ url: choice.url, token }), warn, retries);
  }
}

/** A database and the bridge are often started together, so a database that does not answer is given time. */
async function patiently(open: () => Promise<Store>, warn: WarnOfStore, retries: number): Promise<Store> {
  try {
    return await pRetry(open, {
      retries,
      minTimeout: 250,
      maxTimeout: 5_000,
      shouldRetry: ({ error }) => isAway(error),
      onFailedAttempt: ({ error, retriesLeft }) => {
        if (isAway(error) && retriesLeft > 0)
          warn(`${error.message}; trying again (${retriesLeft} times more)`, "unreachable");
      },
    });
  } catch (error) {
    if (!isAway(error)) throw error;
    throw new CountersignError(
      "cannot_start",
      `${messageOf(error)}: start the database, or give \`store\` another one`,
      { cause: error },
    );
  }
}

function isAway(error: unknown): boolean {
  return error instanceof CountersignError && error.code === "store_unavailable";
}
