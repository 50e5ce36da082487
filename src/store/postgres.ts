import type { Pool } from "pg";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { RecordRequest, RecordResult } from "./port/inbox.ts";
import type { Settlement } from "./port/queue.ts";
import { backlog } from "./postgres/backlog.ts";
import { createBatch } from "./postgres/batch.ts";
import { claim } from "./postgres/claim.ts";
import { addAudit, saveDestination } from "./postgres/control.ts";
import { asFault, isDuplicate, isRefusal, whyRefused } from "./postgres/errors.ts";
import { amend, dropRejection, type Rejecting, recordAll, rejectAll } from "./postgres/inbox.ts";
import { endLeases, tokenOf } from "./postgres/leases.ts";
import { migrate } from "./postgres/migrate.ts";
import { changeNotes } from "./postgres/notes.ts";
import { createAnnouncer } from "./postgres/notify.ts";
import { addException, dropException, keepProof } from "./postgres/parity.ts";
import { parkSome, skip } from "./postgres/park.ts";
import { createClient, createPool } from "./postgres/pool.ts";
import { refusePooler } from "./postgres/pooler.ts";
import { prune } from "./postgres/prune.ts";
import { bringForward, nextDueAt, release, settleAll } from "./postgres/queue.ts";
import { acknowledge, acknowledgeOne, countChosen, replay } from "./postgres/replay.ts";
import { restoreBehind } from "./postgres/restore.ts";
import { createSession, type Session } from "./postgres/session.ts";
import { openSnapshot } from "./postgres/snapshot.ts";
import { createSubscription } from "./postgres/subscribe.ts";
import { transact, transactAtOnce } from "./postgres/transaction.ts";
import { keepingReceipts } from "./refused.ts";
import { destinations } from "./sql/find.ts";
import { createReads } from "./sql/reads.ts";
import { acknowledgeable, replayable } from "./sql/replayable.ts";
import type { Store } from "./store.ts";

export interface PostgresOptions {
  /** postgres://user:password@host:port/database */
  url: string;
  /** A new token for a lease. */
  token(): string;
  /** The most connections, beside one to listen; default 10. */
  connections?: number;
}

/**
 * The share of connections for work that may wait: refused requests, reads for people, pruning. The others
 * are for genuine requests and deliveries, so that callers without a secret never keep them busy.
 */
const ASIDE_SHARE = 0.3;

/**
 * The most transactions at a time that record, and that settle: with more of them each takes fewer requests,
 * and costs the server as much.
 */
const MAX_RECORDING = 2;
const MAX_SETTLING = 2;

/** The most requests in one transaction, and the most bytes of their bodies. */
const MAX_BATCH = 100;
const MAX_BATCH_BYTES = 8 * 1_024 ** 2;

/**
 * One database that any number of nodes share. Writes that are asked for in one turn of the event loop share
 * a transaction; several transactions are under way at a time.
 *
 * @throws CountersignError `store_unavailable` when the database cannot be reached yet; `cannot_start` when
 * it refuses the connection, or its schema is newer.
 */
export async function openPostgresStore(options: PostgresOptions): Promise<Store> {
  const { url, token, connections = 10 } = options;
  const channel = await prepare(url);
  const self = token();
  const forAside = Math.max(1, Math.floor(connections * ASIDE_SHARE));
  const forWork = Math.max(1, connections - forAside);
  const pool = createPool(url, forWork);
  const poolAside = createPool(url, forAside);
  const one = createSession(pool);
  const subscription = createSubscription({ url, channel, self });
  const { isAlone } = subscription;
  const { announce, ...announcer } = createAnnouncer(one, { channel, self, isAlone });
  const aside = createSession(poolAside);
  const inTransaction = <T>(work: (session: Session) => Promise<T>) => transact(pool, work);
  const inTransactionAside = <T>(work: (session: Session) => Promise<T>) => transact(poolAside, work);

  const requests = createBatch<RecordRequest, RecordResult>({
    async execute(all) {
      const answers = await recordSurely(pool, all);
      announce(answers.flatMap((one) => (one.status === "fulfilled" ? one.value.destinations : [])));
      return answers;
    },
    concurrency: MAX_RECORDING,
    maxItems: MAX_BATCH,
    weigh: ({ receipt }) => receipt.body.byteLength,
    maxWeight: MAX_BATCH_BYTES,
  });
  const settlements = createBatch<Settlement, boolean>({
    execute: (all) => transact(pool, (session, commit) => settleAll(session, commit, channel, all)),
    concurrency: MAX_SETTLING,
    maxItems: MAX_BATCH,
    weigh: () => 0,
    maxWeight: MAX_BATCH_BYTES,
  });
  const rejections = createBatch<Rejecting, void>({
    execute: (all) => inTransactionAside((session) => rejectAll(session, all)),
    concurrency: 1,
    maxItems: MAX_BATCH,
    weigh: ({ rejection }) => rejection.body?.byteLength ?? 0,
    maxWeight: MAX_BATCH_BYTES,
  });

  return {
    ...createReads(createSession(poolAside, { plansAnew: true })),
    subscribe: subscription.subscribe,
    record: keepingReceipts(requests.add, whyRefused),
    amend: keepingReceipts(async (request) => {
      const result = await inTransaction((session) => amend(session, request));
      announce(result.destinations);
      return result;
    }, whyRefused),
    reject: (rejection, keep) => rejections.add({ rejection, keep }),
    dropRejection: (id) => dropRejection(aside, id),

    async endLeases(now) {
      const nodes = subscription.dead();
      const ended = await inTransaction((session) => endLeases(session, { channel, nodes, now }));
      announce(ended);
      return ended.length;
    },
    async claim(request) {
      const lease = tokenOf(token(), await subscription.node());
      return transactAtOnce(pool, (session) => claim(session, channel, request, lease));
    },
    settle: settlements.add,
    release: async (leases, now) =>
      announce(await inTransaction((session) => release(session, channel, leases, now))),
    bringForward: (request) => inTransaction((session) => bringForward(session, channel, request)),
    skip: (delivery, now) => inTransaction((session) => skip(session, delivery, now)),
    nextDueAt: (destination) => nextDueAt(one, destination),
    async parkRemoved(names, now) {
      let parked = 0;
      for (let some = -1; some !== 0; parked += some)
        some = await inTransaction((session) => parkSome(session, names, now));
      return parked;
    },

    countReplay: (filter) => countChosen(aside, replayable(filter)),
    replay: (filter, page, due) => inTransactionAside((session) => replay(session, filter, page, due)),
    countAcknowledge: (filter) => countChosen(aside, acknowledgeable(filter)),
    acknowledge: (filter, page, now) =>
      inTransactionAside((session) => acknowledge(session, filter, page, now)),
    acknowledgeOne: (id, now) => inTransactionAside((session) => acknowledgeOne(session, id, now)),

    destinations: () => destinations(one),
    saveDestination: (name, state) => saveDestination(one, channel, name, state),
    addAudit: (entry) => addAudit(aside, entry),
    backlog: () => backlog(aside),
    changeNotes: (changes) => changeNotes(inTransactionAside, changes),

    keepProof: (report) => keepProof(aside, report),
    addParityException: (exception) => addException(aside, exception),
    dropParityException: (id) => dropException(aside, id),

    prune: (step) => inTransactionAside((session) => prune(session, step)),
    snapshot: () => openSnapshot(url),
    restore: (table, rows) => inTransaction((session) => restoreBehind(session, table, rows)),

    async probe() {
      await one.run("update probe set writes = writes + 1");
    },
    async close() {
      await Promise.all([requests.idle(), settlements.idle(), rejections.idle(), subscription.end()]);
      await announcer.idle();
      await Promise.all([pool.end(), poolAside.end()]);
    },
  };
}

/** When another node was faster with an event, it is looked for once more. */
async function recordSurely(pool: Pool, all: readonly RecordRequest[]) {
  const attempt = (sure: boolean) =>
    transact(pool, (session, commit) => recordAll(session, commit, all, { sure }));
  try {
    return await attempt(true);
  } catch (error) {
    if (isDuplicate(error)) return attempt(false);
    throw error;
  }
}

/**
 * Migrates the schema. Returns the name of its nodes' channel: stores in one database may have a schema each.
 */
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
    `the store ${place} cannot be opened (${messageOf(error)}): ` +
      "give `store` a database that this user may make tables in",
    { cause: error },
  );
}

/** The database's address, without the password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
