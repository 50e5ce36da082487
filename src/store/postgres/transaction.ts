import type { Pool, PoolClient } from "pg";
import { asFault, isRace, isReadOnly } from "./errors.ts";
import { createSession, type Session } from "./session.ts";

/** How often a transaction that collides with another one is attempted. */
const MAX_ATTEMPTS = 5;

/**
 * Runs `work` in a transaction and resolves once it is on disk; when `work` throws, all of it is undone.
 * `work` runs again when the transaction collided with another one. When the connection is lost during the
 * commit itself, the promise rejects although the commit may have happened: a repeated request is then a
 * duplicate.
 */
export function transact<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  return throughRaces(pool, async (session) => {
    const [, value] = await Promise.all([session.run(BEGIN), work(session)]);
    await session.run("commit");
    return value;
  });
}

/**
 * The same in one round trip, for `work` that makes all its calls before it awaits any: the commit is sent
 * right behind them, so that a suspended node keeps no lock. When one of them fails, the commit undoes the
 * others.
 */
export function transactAtOnce<T>(pool: Pool, work: (session: Session) => Promise<T>): Promise<T> {
  return throughRaces(pool, async (session) => {
    const [, value] = await Promise.all([session.run(BEGIN), work(session), session.run("commit")]);
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
