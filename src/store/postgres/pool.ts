import pg from "pg";

/** How long a statement may take, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** How long a node may keep a transaction waiting for its next statement: one that went to sleep must not keep its locks. Milliseconds. */
const IDLE_TIMEOUT_MS = 10_000;
/** How long to wait for what another transaction has locked, in milliseconds. */
const LOCK_TIMEOUT_MS = 5_000;
/** How long to wait for a connection, or for a free one, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
/** After so long a connection is replaced by a new one, which finds a server that has taken another's place; seconds. */
const MAX_LIFETIME_S = 1_800;
const KEEP_ALIVE = { keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
const INT8 = 20;

/** Positions and milliseconds since 1970 are far below 2^53. */
const TYPES: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") =>
    oid === INT8 && format !== "binary" ? Number : pg.types.getTypeParser(oid, format),
};

/** Connections that send statements without waiting for the answers to those before. Dead ones are replaced when they are noticed. */
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
  // A connection that dies tells whoever is using it; nobody else needs to know, and the process must not end of it.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/**
 * Every statement is meant to go by an index. A plan that was remembered while the tables were small must not read them from
 * end to end once they are large, and none is worth compiling.
 */
async function prepare(client: pg.ClientBase): Promise<void> {
  await client.query(
    "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off",
  );
}

/** A connection of its own, without limits of time. */
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
