import { CountersignError } from "../../domain/errors.ts";

/** The part of a connection that is used here. */
interface Connection {
  query<Row extends object>(text: string): Promise<{ rows: Row[] }>;
}

/**
 * Refuses a pooler in transaction mode. LISTEN, prepared statements, session settings and locks belong to a
 * session, and such a pooler gives each transaction another one. One connection asks for its session, the
 * other begins a transaction, which would take that session: then the first has another. `place` is the
 * database's name in the message.
 *
 * @throws CountersignError `cannot_start`.
 */
export async function refusePooler(one: Connection, other: Connection, place: string): Promise<void> {
  const before = await backendOf(one);
  // This transaction waits for the other connection's answer, however short the server's limit is.
  await other.query("begin; set local idle_in_transaction_session_timeout = 0");
  try {
    if ((await backendOf(one)) === before) return;
  } finally {
    await other.query("rollback");
  }
  throw new CountersignError(
    "cannot_start",
    `the store ${place} is behind a pooler in transaction mode, ` +
      "in which LISTEN, locks and prepared statements are lost: " +
      "give `store` a direct connection, or set the pooler to session mode",
  );
}

async function backendOf(connection: Connection): Promise<number | undefined> {
  const { rows } = await connection.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid;
}
