import { CountersignError } from "../../domain/errors.ts";

/** What is needed of a connection. */
interface Connection {
  query<Row extends object>(text: string): Promise<{ rows: Row[] }>;
}

/**
 * LISTEN, prepared statements, session settings and locks hold for a session, and a pooler in transaction mode gives each
 * transaction another one. While one connection is inside a transaction, in the session that the other has just used, the other
 * shows whether it still has that session. `place` is what the message calls the database.
 *
 * @throws CountersignError `cannot_start` when it has not.
 */
export async function refusePooler(one: Connection, other: Connection, place: string): Promise<void> {
  const before = await backendOf(one);
  // However little time the server gives a transaction: this one waits for the other connection's answer.
  await other.query("begin; set local idle_in_transaction_session_timeout = 0");
  try {
    if ((await backendOf(one)) === before) return;
  } finally {
    await other.query("rollback");
  }
  throw new CountersignError(
    "cannot_start",
    `the store ${place} is behind a pooler in transaction mode, in which LISTEN, locks and prepared statements are lost: ` +
      "give `store` a direct connection, or set the pooler to session mode",
  );
}

async function backendOf(connection: Connection): Promise<number | undefined> {
  const { rows } = await connection.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}
