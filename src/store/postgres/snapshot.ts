import type { Snapshot } from "../port/backup.ts";
import { countRows, pageOf } from "../sql/rows.ts";
import { asFault } from "./errors.ts";
import { createClient } from "./pool.ts";
import { createSession, type Session } from "./session.ts";

/** Limits of the server that must not end the copying of a large store. */
const LIMITS = [
  "statement_timeout",
  "transaction_timeout",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
];

/**
 * A connection of its own inside a repeatable-read transaction, which sees what was committed before its
 * first read.
 *
 * @throws CountersignError `store_unavailable`.
 */
export async function openSnapshot(url: string): Promise<Snapshot> {
  const client = createClient(url);
  const session = createSession(client);
  const close = () => client.end().catch(() => {});
  try {
    await client.connect();
    await begin(session);
  } catch (error) {
    await close();
    throw asFault(error);
  }
  return {
    counts: () => countRows(session),
    rows: (table, page) => pageOf(session, table, page),
    damage: async () => [],
    close,
  };
}

/** The limits that exist depend on the server's version. */
async function begin(session: Session): Promise<void> {
  await session.rows("select set_config(name, '0', false) from pg_settings where name = any($1::text[])", [
    LIMITS,
  ]);
  await session.run("begin isolation level repeatable read read only");
  await session.rows("select one from probe");
}
