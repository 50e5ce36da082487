import { NODE_JOINED, NODE_LEFT } from "./notify.ts";
import type { Session } from "./session.ts";

/**
 * The nodes that share the store. Each holds a shared advisory lock over its LISTEN connection: the server
 * releases it when the connection ends, however it ends, and every user of the database may count the
 * holders.
 */

const LOCK = "hashtextextended($1, 0)";

/** `session` is the LISTEN connection. */
export async function join(session: Session, channel: string): Promise<void> {
  await session.run(`select pg_advisory_lock_shared(${LOCK}), pg_notify($1, '${NODE_JOINED}')`, [channel]);
}

export async function leave(session: Session, channel: string): Promise<void> {
  await session.run(`select pg_advisory_unlock_shared(${LOCK}), pg_notify($1, '${NODE_LEFT}')`, [channel]);
}

export async function count(session: Session, channel: string): Promise<number> {
  const [row] = await session.rows<{ nodes: number }>(
    `select count(*) as nodes from pg_locks
     where locktype = 'advisory' and granted and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())
       and (classid::bigint << 32) | objid::bigint = ${LOCK}`,
    [channel],
  );
  return row?.nodes ?? 0;
}
