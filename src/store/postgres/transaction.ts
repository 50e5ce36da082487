import type { Pool, PoolClient } from "pg";
import { asFault, isRace, isReadOnly } from "./errors.ts";
import { createSession, type Session } from "./session.ts";

/** How often a transaction that collides with another one is attempted. */
const MAX_ATTEMPTS = 5;

/**
 * Sends the commit right behind the statements that were sent before, which saves a round trip, and keeps no
 * lock when the node is suspended in between. When one of them fails, the commit undoes the others.
 */
export type Commit = () => Promise<void>;

/**
 * Runs `work` in a transaction and resolves once it is on disk; when `work` throws, all of it is undone,
 * unless it has called `commit`, after which it sends nothing more. `work` runs again when the transaction
 * collided with another one. When the connection is lost during the commit itself, the promise rejects
 * although the commit may have happened: a repeated request is then a duplicate.
 */
export function transact<T>(pool: Pool, work: (session: Session, commit: Commit) => Promise<T>): Promise<T> {
  return throughRaces(pool, async (session) => {
    let committing: Promise<void> | null = null;
    const commit = () => {
      committing ??= session.run("commit").then(() => {});
      return committing;
    };
    const [, value] = await Promise.all([session.run(BEGIN), work(session, commit)]);
    await commit();
    return value;
  });
}

/** The same in one round trip, for `work` that makes all its calls before it awaits any. */
export function transactAtOnce<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  return transact(pool, async (session, commit) => {
    const [value] = await Promise.all([work(session), commit()]);
    return value;
  });
}

/** Each statement sees what was committed before it began, whatever the server's default. */
const BEGIN = "begin isolation level read committed";

async function throughRaces<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(pool, work);
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isRace(error)) throw error;
    }
  }
}

async function once<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await connect(pool);
  let usable = true;
  try {
    return await work(createSession(client));
  } catch (error) {
    usable = (await undo(client)) && !isReadOnly(error);
    throw error;
  } finally {
    client.release(!usable);
  }
}

async function connect(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw asFault(error);
  }
}

/** False: the connection is broken. */
async function undo(client: PoolClient): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    return false;
  }
}
