import type { Snapshot } from "../port/backup.ts";
import { TABLES, type Table } from "../rows.ts";
import { asFault } from "./errors.ts";
import { READERS } from "./kept.ts";
import { createClient } from "./pool.ts";
import { createSession, type Session } from "./session.ts";

/** A large store takes long to be copied, however long a server lets a transaction be. */
const LIMITS = [
  "statement_timeout",
  "transaction_timeout",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
];

/**
 * A connection of its own with a transaction that only reads, and sees what was committed before it began.
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
    rows: (table, page) => READERS[table].page(session, page),
    damage: async () => [],
    close,
  };
}

/** It shows the moment of the first look. Which limits there are depends on the server's version. */
async function begin(session: Session): Promise<void> {
  await session.rows("select set_config(name, '0', false) from pg_settings where name = any($1::text[])", [
    LIMITS,
  ]);
  await session.run("begin isolation level repeatable read read only");
  await session.rows("select one from probe");
}

async function countRows(session: Session): Promise<Readonly<Record<Table, number>>> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`);
  const [row] = await session.rows<Record<Table, number>>(`select ${counts.join(", ")}`);
  if (!row) throw new Error("a count has no row");
  return row;
}
