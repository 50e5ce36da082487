import { CountersignError, messageOf } from "../domain/errors.ts";
import type { RecordRequest, RecordResult } from "./port/inbox.ts";
import type { Settlement } from "./port/queue.ts";
import { createBatch } from "./postgres/batch.ts";
import { claim } from "./postgres/claim.ts";
import { addAudit, saveDestination } from "./postgres/control.ts";
import { asFault, isRefusal, whyRefused } from "./postgres/errors.ts";
import { amend, dropRejection, type Rejecting, recordAll, rejectAll } from "./postgres/inbox.ts";
import { migrate } from "./postgres/migrate.ts";
import { createAnnounce } from "./postgres/notify.ts";
import { createClient, createPool } from "./postgres/pool.ts";
import { refusePooler } from "./postgres/pooler.ts";
import { prune } from "./postgres/prune.ts";
import { backlog, bringForward, nextDueAt, parkSome, release, settleAll, skip } from "./postgres/queue.ts";
import { countReplay, replay } from "./postgres/replay.ts";
import { restoreBehind } from "./postgres/restore.ts";
import { createSession, type Session } from "./postgres/session.ts";
import { openSnapshot } from "./postgres/snapshot.ts";
import { createListener } from "./postgres/subscribe.ts";
import { transact, transactAtOnce } from "./postgres/transaction.ts";
import { keepingReceipts } from "./refused.ts";
import { destinations } from "./sql/find.ts";
import { createReads } from "./sql/reads.ts";
import type { Store } from "./store.ts";

export interface PostgresOptions {
  /** postgres://user:password@host:port/database */
  url: string;
  /** A new token for a lease. */
  token(): string;
  /** How many connections at most, one more for listening not counted; default 10. */
  connections?: number;
}

/**
 * Which part of the connections is for what may wait: refused requests, what people look at, pruning. The rest is for what
 * comes in and goes out, and is never kept busy by anybody without a secret.
 */
const ASIDE_SHARE = 0.3;

/** What one transaction takes: so many at most, and so many bytes of bodies. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 8 * 1_024 ** 2;

/**
 * One database that any number of nodes share. What is asked for in one turn of the event loop shares a transaction, several of
 * which are under way at a time.
 *
 * @throws CountersignError `store_unavailable` when the database cannot be reached yet; `cannot_start` when it can and does not
 * let us in, or was written by a newer version.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { url, token, connections = 10 } = options;
  const channel = await prepare(url);
  const self = token();
  const announce = createAnnounce(channel, self);
  const forAside = Math.max(1, Math.floor(connections * ASIDE_SHARE));
  const forWork = Math.max(1, connections - forAside);
  const pool = createPool(url, forWork);
  const poolAside = createPool(url, forAside);
  const one = createSession(pool);
  const aside = createSession(poolAside);
  const inTransaction = <T>(work: (session: Session) => Promise<T>) => transact(pool, work);
  const inTransactionAside = <T>(work: (session: Session) => Promise<T>) => transact(poolAside, work);

  const recordings = createBatch<RecordRequest, RecordResult>({
    carry: (all) => inTransaction((session) => recordAll(session, all, announce)),
    lanes: Math.ceil(forWork / 2),
    most: MAX_BATCH,
    weigh: ({ receipt }) => receipt.body.byteLength,
    heaviest: MAX_BATCH_BYTES,
  });
  const settlements = createBatch<Settlement, boolean>({
    carry: (all) => inTransaction((session) => settleAll(session, channel, all)),
    lanes: Math.ceil(forWork / 4),
    most: MAX_BATCH,
    weigh: () => 0,
    heaviest: MAX_BATCH_BYTES,
  });
  const rejections = createBatch<Rejecting, void>({
    carry: (all) => inTransactionAside((session) => rejectAll(session, all)),
    lanes: 1,
    most: MAX_BATCH,
    weigh: ({ rejection }) => rejection.body?.byteLength ?? 0,
    heaviest: MAX_BATCH_BYTES,
  });

  const listener = createListener({ url, channel, self });

  return {
    ...createReads(aside),
    subscribe: listener.listen,
    record: keepingReceipts(recordings.add, whyRefused),
    amend: keepingReceipts(
      (recording) => inTransaction((session) => amend(session, recording, announce)),
      whyRefused,
    ),
    reject: (rejection, keep) => rejections.add({ rejection, keep }),
    dropRejection: (id) => dropRejection(aside, id),

    claim: (request) => transactAtOnce(pool, (session) => claim(session, channel, request, token())),
    settle: settlements.add,
    release: (leases, now) =>
      inTransaction(async (session) => announce(session, await release(session, channel, leases, now))),
    bringForward: (request) => inTransaction((session) => bringForward(session, channel, request)),
    skip: (delivery, now) => inTransaction((session) => skip(session, delivery, now)),
    nextDueAt: (destination) => nextDueAt(one, destination),
    async parkRemoved(names) {
      let parked = 0;
      for (let some = -1; some !== 0; parked += some)
        some = await inTransaction((session) => parkSome(session, names));
      return parked;
    },

    countReplay: (filter) => countReplay(aside, filter),
    replay: (filter, page, due) => inTransactionAside((session) => replay(session, filter, page, due)),

    destinations: () => destinations(one),
    saveDestination: (name, state) => saveDestination(one, channel, name, state),
    addAudit: (entry) => addAudit(aside, entry),
    backlog: () => backlog(aside),

    prune: (step) => inTransactionAside((session) => prune(session, step)),
    snapshot: () => openSnapshot(url),
    restore: (table, rows) => inTransaction((session) => restoreBehind(session, table, rows)),

    async probe() {
      await one.run("update probe set writes = writes + 1");
    },
    async close() {
      await Promise.all([recordings.idle(), settlements.idle(), rejections.idle(), listener.end()]);
      await Promise.all([pool.end(), poolAside.end()]);
    },
  };
}

/** Sees to the schema, and gives the name under which its nodes talk: what shares a database need not share a schema. */
async function prepare(url: string): Promise<string> {
  const place = placeOf(url);
  const client = createClient(url);
  const other = createClient(url);
  try {
    await Promise.all([client.connect(), other.connect()]);
    await refusePooler(client, other, place);
    await migrate(client, place);
    const { rows } = await client.query<{ name: string }>("select current_schema() as name");
    return `countersign_${rows[0]?.name}`.slice(0, 63);
  } catch (error) {
    throw asOpeningFault(error, place);
  } finally {
    await Promise.all([client, other].map((one) => one.end().catch(() => {})));
  }
}

function asOpeningFault(error: unknown, place: string): CountersignError {
  if (error instanceof CountersignError) return error;
  if (!isRefusal(error)) return asFault(error);
  return new CountersignError(
    "cannot_start",
    `the store ${place} cannot be opened (${messageOf(error)}): give \`store\` a database that this user may make tables in`,
    { cause: error },
  );
}

/** Where a database is, without the password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
