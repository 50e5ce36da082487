import pg from "pg";

const STATEMENT_TIMEOUT_MS = 30_000;
/** How long a transaction may wait for its next statement: a suspended node must not keep its locks. */
const IDLE_TIMEOUT_MS = 10_000;
/** For a row or table that another transaction has locked. */
const LOCK_TIMEOUT_MS = 5_000;
/** For a new connection, or a free one of the pool. */
const CONNECT_TIMEOUT_MS = 5_000;
/** An older connection is replaced, so that a server that has taken another's place is found. In seconds. */
const MAX_LIFETIME_S = 1_800;
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
const INT8 = 20;

/** Positions and milliseconds since 1970 are far below 2^53. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === INT8 && format !== "binary" ? Number : pg.types.getTypeParser(oid, format),
};

/** Connections that send statements before the earlier ones are answered. A dead connection is replaced. */
export function createPool(url: string, connections: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "countersign",
    max: connections,
    pipeline: true,
    types: TYPES,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    maxLifetimeSeconds: MAX_LIFETIME_S,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + CONNECT_TIMEOUT_MS,
    onConnect: prepare,
    ...KEEP_ALIVE,
  });
  // The user of a connection gets its error; the process must not end of the event as well.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/**
 * Every statement is meant to use an index. A plan that was cached while the tables were small must not scan
 * them once they are large. No statement is worth compiling.
 */
async function prepare(client: pg.ClientBase): Promise<void> {
  await client.query(
    "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off",
  );
}

/** A connection of its own, without time limits. */
export function createClient(url: string): pg.Client {
  const client = new pg.Client({
    connectionString: url,
    application_name: "countersign",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: TYPES,
    ...KEEP_ALIVE,
  });
  client.on("error", () => {});
  return client;
}
