import { settledState } from "../../domain/delivery.ts";
import { tallySettlement } from "../../domain/tally.ts";
import type { Column, Scalar } from "../columns.ts";
import { leaseToken, partsOfLeaseToken } from "../lease-token.ts";
import type { Lease, Queue, Settlement } from "../port/queue.ts";
import { ATTEMPT } from "../tables.ts";
import { runCounted } from "./backlog.ts";
import type { Answer } from "./batch.ts";
import { positionsAndTokens } from "./claim.ts";
import { columns, insertRows } from "./given.ts";
import { tryLanesOf } from "./lanes.ts";
import { hasToken, IS_PENDING } from "./plans.ts";
import { hastenProbe, isProbe, letProbe } from "./probe.ts";
import type { Session } from "./session.ts";
import { addTallies } from "./tallies.ts";
import type { Commit } from "./transaction.ts";

const PARENT_DELIVERY: Column = { name: "delivery", type: "bigint" };

/** Everything here but `nextDueAt` runs inside a transaction. */

/** In two round trips, whatever their number. Of two settlements of one lease the first counts. */
export async function settleAll(
  session: Session,
  commit: Commit,
  channel: string,
  settlements: readonly Settlement[],
): Promise<readonly Answer<boolean>[]> {
  const leases = new Map(settlements.toReversed().map((one) => [one.token, one] as const));
  const good = await lockLeases(session, positionsAndTokens([...leases.values()]));
  const settled = good.flatMap((lease) => {
    const settlement = leases.get(leaseToken(lease.position, lease.token));
    return settlement ? [{ lease, settlement }] : [];
  });
  const written = [...settled, ...(await lockFollowers(session, settled))];
  await Promise.all([
    writeSettlements(session, written),
    letUnusedProbe(session, channel, settled),
    addTallies(
      session,
      written.flatMap(({ lease, settlement }) => tallySettlement(lease.destination, settlement) ?? []),
    ),
    commit(),
  ]);
  const counted = new Set(settled.map(({ settlement }) => settlement));
  return settlements.map((one) => ({ status: "fulfilled", value: counted.has(one) }));
}

/** Locks the lanes, and then those of the leases that are still in force. */
async function lockLeases(session: Session, asked: Scalar[][]): Promise<GoodLease[]> {
  for (;;) {
    const [held, good] = await Promise.all([
      tryLanesOf(session, asked[0] ?? []),
      session.rows<GoodLease>(
        `select d.position, d.token, d.destination, d.lane from deliveries d
         join unnest($1::bigint[], $2::text[]) asked (position, token)
           on d.position = asked.position and ${hasToken("asked.token")}
         where ${IS_PENDING} order by d.position for update of d`,
        asked,
      ),
    ]);
    if (held) return good;
  }
}

/**
 * The followers of the leases that are still held, each with the result of its lease. Their lanes are locked.
 */
async function lockFollowers(session: Session, settled: readonly Written[]): Promise<Written[]> {
  const asked = settled.flatMap(({ lease, settlement }) =>
    (settlement.followers ?? []).map((token) => [partsOfLeaseToken(token).position, lease.position]),
  );
  if (asked.length === 0) return [];
  const rows = await session.rows<{ position: number; leased: number }>(
    `select d.position, l.position as leased
     from unnest($1::bigint[], $2::bigint[]) asked (position, leased)
     join deliveries d on d.position = asked.position
     join deliveries l on l.position = asked.leased and l.destination = d.destination and l.lane = d.lane
     where d.status = 'held' order by d.position for update of d`,
    columns(asked, 2),
  );
  const byPosition = new Map(settled.map((one) => [one.lease.position, one]));
  return rows.flatMap(({ position, leased }) => {
    const found = byPosition.get(leased);
    return found ? [{ ...found, lease: { ...found.lease, position }, isFollower: true }] : [];
  });
}

interface GoodLease {
  position: number;
  token: string;
  destination: string;
  lane: string | null;
}

/** A settlement that counts, with its lease. */
interface Written {
  lease: GoodLease;
  settlement: Settlement;
  /** The row follows that of the lease. */
  isFollower?: boolean;
}

/** A probe that was not sent has shown nothing: the next one may go at once. */
async function letUnusedProbe(session: Session, channel: string, written: readonly Written[]): Promise<void> {
  const unused = written.filter(({ lease, settlement }) => settlement.attempt === null && isProbe(lease));
  const at = Math.min(...unused.map(({ settlement }) => settlement.at));
  const destinations = unused.map(({ lease }) => lease.destination);
  if (unused.length > 0) await letProbe(session, channel, destinations, at);
}

async function writeSettlements(session: Session, written: readonly Written[]): Promise<void> {
  if (written.length === 0) return;
  const over = written.filter(({ settlement }) => settlement.outcome.status !== "pending");
  await Promise.all([
    insertRows(
      session,
      "attempts",
      [PARENT_DELIVERY, ...ATTEMPT.columns],
      written.flatMap(({ lease: { position }, settlement: { attempt } }) =>
        attempt ? [[position, ...ATTEMPT.encode(attempt)]] : [],
      ),
    ),
    runCounted(
      session,
      `update deliveries d set status = given.status, reason = given.reason, due_at = given.due_at,
         attempts = coalesce(given.attempts, d.attempts), token = null
       from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::int[])
         given (position, status, reason, due_at, attempts)
       where d.position = given.position
       returning d.destination, case when d.due_at is null then -1 else 0 end as opened`,
      columns(written.map(outcomeOf), 5),
    ),
    letNextGo(
      session,
      over.flatMap(({ lease: { destination, lane } }) =>
        lane === null ? [] : [[destination, lane] as const],
      ),
    ),
  ]);
}

function outcomeOf({ lease, settlement: { attempt, outcome }, isFollower = false }: Written): Scalar[] {
  const { status, reason, dueAt } = settledState(outcome);
  const stays = isFollower && dueAt !== null;
  return [lease.position, stays ? "held" : status, reason, dueAt, attempt?.number ?? null];
}

/**
 * Makes the first open delivery of each lane pending. The lanes are locked, and none of their deliveries is.
 */
export async function letNextGo(
  session: Session,
  lanes: readonly (readonly [string, string])[],
): Promise<void> {
  if (lanes.length === 0) return;
  await session.run(
    `update deliveries set status = 'pending' where position in (
       select (select d.position from deliveries d
               where d.destination = freed.destination and d.lane = freed.lane and d.due_at is not null
               order by d.position limit 1)
       from unnest($1::text[], $2::text[]) freed (destination, lane))`,
    columns(lanes, 2),
  );
}

/** Returns the destinations that have deliveries due again. */
export async function release(
  session: Session,
  channel: string,
  leases: readonly Lease[],
  now: number,
): Promise<Set<string>> {
  const rows = await session.rows<{ token: string; destination: string }>(
    `update deliveries d set due_at = $3, token = null
     from unnest($1::bigint[], $2::text[]) given (position, token)
     where d.position = given.position and ${hasToken("given.token")} and ${IS_PENDING}
     returning given.token, d.destination`,
    [...positionsAndTokens(leases), now],
  );
  const probed = rows.filter(isProbe).map(({ destination }) => destination);
  if (probed.length > 0) await letProbe(session, channel, probed, now);
  return new Set(rows.map(({ destination }) => destination));
}

/** The clocks of nodes differ by less than this. */
const MAX_SKEW_MS = 60_000;

/** Rows are locked in the order in which `settleAll` locks them. */
export async function bringForward(
  session: Session,
  channel: string,
  { destination, now, lease, seen = true }: Parameters<Queue["bringForward"]>[0],
): Promise<number> {
  const later = seen ? now : Math.max(now, await clockOf(session)) + MAX_SKEW_MS;
  await hastenProbe(session, channel, { destination, now, lease: later - now + lease });
  const pending = await session.run(
    `update deliveries set due_at = $2, token = null
     where position in (
       select position from deliveries
       where destination = $1 and status = 'pending' and due_at > $4
         and (recorded_at > $4 or (token is not null and due_at > $4::bigint + $3::bigint)
              or exists (select from attempts a where a.delivery = deliveries.position and a.started_at > $4))
       order by position for update)`,
    [destination, now, lease, later],
  );
  const held = await session.run(
    `update deliveries set due_at = $2
     where destination = $1 and lane is not null and due_at > $3 and status = 'held' and recorded_at > $3`,
    [destination, now, later],
  );
  return pending + held;
}

/** The database's own clock, milliseconds since 1970. */
async function clockOf(session: Session): Promise<number> {
  const [row] = await session.rows<{ now: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::bigint as now",
  );
  return row?.now ?? 0;
}

export async function nextDueAt(session: Session, destination: string): Promise<number | null> {
  const [row] = await session.rows<{ due_at: number }>(
    "select due_at from deliveries where destination = ? and status = 'pending' order by due_at limit 1",
    [destination],
  );
  return row?.due_at ?? null;
}
