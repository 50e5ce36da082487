import { NODE_JOINED, NODE_LEFT } from "./notify.ts";
import type { Session } from "./session.ts";

/**
 * The nodes that share the store. Each has a row, and holds an advisory lock with its number over its LISTEN
 * connection: the server releases it when the connection ends, however it ends, and every user of the
 * database may see who holds one. A row whose lock nobody holds is that of a dead node.
 */

/** The first key of the nodes' locks; the second is a node's number. `$1` is the name of their channel. */
const NODES = "hashtext($1 || ' nodes')";

export interface Member {
  id: number;
  /** Its lock is held. */
  alive: boolean;
}

/**
 * `session` is the LISTEN connection. `before` is the node's number from before its connection was lost: it
 * is taken again, unless others have taken the node for dead meanwhile. Returns its number.
 */
export async function join(session: Session, channel: string, before: number | null): Promise<number> {
  const again = before !== null && (await takeAgain(session, channel, before));
  const id = again ? before : await takeNew(session, channel);
  await session.run(`select pg_notify($1, '${NODE_JOINED}')`, [channel]);
  return id;
}

/** Does not wait: a server that has not noticed the end of the connection before still holds its lock. */
async function takeAgain(session: Session, channel: string, id: number): Promise<boolean> {
  const [row] = await session.rows<{ held: boolean }>(
    `select pg_try_advisory_lock(${NODES}, id) as held from nodes where id = $2`,
    [channel, id],
  );
  return row?.held ?? false;
}

/** The row is seen by others once it is locked. */
async function takeNew(session: Session, channel: string): Promise<number> {
  const [row] = await session.rows<{ id: number }>(
    `with added as (insert into nodes default values returning id)
     select id, pg_advisory_lock(${NODES}, id) from added`,
    [channel],
  );
  if (!row) throw new Error("a new node has no number");
  return row.id;
}

export async function leave(session: Session, channel: string, id: number): Promise<void> {
  await session.run("delete from nodes where id = $1", [id]);
  await session.run(`select pg_advisory_unlock(${NODES}, $2), pg_notify($1, '${NODE_LEFT}')`, [channel, id]);
}

export function members(session: Session, channel: string): Promise<Member[]> {
  return session.rows<Member>(
    `select id, exists (
       select from pg_locks
       where locktype = 'advisory' and granted and objsubid = 2 and objid::bigint = nodes.id
         and classid::bigint = (${NODES}::bigint & 4294967295)
         and database = (select oid from pg_database where datname = current_database())) as alive
     from nodes order by id`,
    [channel],
  );
}

/**
 * Removes those of the nodes that are dead, and returns them. Runs inside a transaction: their locks are
 * taken until it ends, so that none of them comes back meanwhile.
 */
export async function removeDead(
  session: Session,
  channel: string,
  nodes: readonly number[],
): Promise<number[]> {
  const rows = await session.rows<{ id: number }>(
    `delete from nodes where id = any(array(
       select id from nodes where id = any($2::int[]) and pg_try_advisory_xact_lock(${NODES}, id)))
     returning id`,
    [channel, nodes],
  );
  return rows.map(({ id }) => id);
}
