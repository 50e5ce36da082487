import { settledState } from "../../domain/delivery.ts";
import type { Column, Scalar } from "../columns.ts";
import type { Lease, Queue, Settlement } from "../port/queue.ts";
import type { Backlog } from "../port/reads.ts";
import { ATTEMPT } from "../tables.ts";
import type { Answer } from "./batch.ts";
import { idsAndTokens } from "./claim.ts";
import { columns, insertRows } from "./given.ts";
import { lockLanes } from "./lanes.ts";
import { hastenProbe, isProbe, letProbe } from "./probe.ts";
import type { Session } from "./session.ts";

const DELIVERY_ID: Column = { name: "delivery_id", type: "text" };

/** Everything here but `nextDueAt` and `backlog` runs inside a transaction. */

/** Of two settlements of one lease the first counts. */
export async function settleAll(
  session: Session,
  channel: string,
  settlements: readonly Settlement[],
): Promise<readonly Answer<boolean>[]> {
  const leases = new Map(settlements.toReversed().map((one) => [leaseOf(one), one] as const));
  const asked = columns(
    [...leases.values()].map(({ delivery, token }) => [delivery, token]),
    2,
  );
  // A lane never changes, so it may be read before it is locked.
  const lanes = await session.rows<{ lane: string | null }>(
    "select lane from deliveries where id = any($1::text[])",
    [asked[0] ?? []],
  );
  await lockLanes(session, new Set(lanes.flatMap(({ lane }) => lane ?? [])));
  const good = await session.rows<GoodLease>(
    `select d.id, d.token, d.destination, d.lane from deliveries d
     join unnest($1::text[], $2::text[]) asked (id, token) on d.id = asked.id and d.token = asked.token
     where d.status = 'pending' order by d.id for update of d`,
    asked,
  );
  const written = good.flatMap((lease) => {
    const settlement = leases.get(leaseOf({ delivery: lease.id, token: lease.token }));
    return settlement ? [{ lease, settlement }] : [];
  });
  await writeSettlements(session, written);
  await letUnusedProbe(session, channel, written);
  const counted = new Set(written.map(({ settlement }) => settlement));
  return settlements.map((one) => ({ status: "fulfilled", value: counted.has(one) }));
}

interface GoodLease {
  id: string;
  token: string;
  destination: string;
  lane: string | null;
}

/** A settlement that counts, with its lease. */
interface Written {
  lease: GoodLease;
  settlement: Settlement;
}

function leaseOf({ delivery, token }: Pick<Settlement, "delivery" | "token">): string {
  return JSON.stringify([delivery, token]);
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
      [DELIVERY_ID, ...ATTEMPT.columns],
      written.flatMap(({ settlement: { delivery, attempt } }) =>
        attempt ? [[delivery, ...ATTEMPT.encode(attempt)]] : [],
      ),
    ),
    session.run(
      `update deliveries d set status = given.status, reason = given.reason, due_at = given.due_at,
         attempts = coalesce(given.attempts, d.attempts), token = null
       from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::int[])
         given (id, status, reason, due_at, attempts)
       where d.id = given.id`,
      columns(
        written.map(({ settlement }) => outcomeOf(settlement)),
        5,
      ),
    ),
    letNextGo(
      session,
      over.flatMap(({ lease: { destination, lane } }) =>
        lane === null ? [] : [[destination, lane] as const],
      ),
    ),
  ]);
}

function outcomeOf({ delivery, attempt, outcome }: Settlement): Scalar[] {
  const { status, reason, dueAt } = settledState(outcome);
  return [delivery, status, reason, dueAt, attempt?.number ?? null];
}

/**
 * Makes the first open delivery of each lane pending. The lanes are locked, and none of their deliveries is.
 */
async function letNextGo(session: Session, lanes: readonly (readonly [string, string])[]): Promise<void> {
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

export async function skip(
  session: Session,
  id: string,
  now: number,
): Promise<Awaited<ReturnType<Queue["skip"]>>> {
  // A lane never changes, so it may be read before it is locked.
  const [place] = await session.rows<{ destination: string; lane: string | null }>(
    "select destination, lane from deliveries where id = $1",
    [id],
  );
  if (!place) return null;
  const { destination, lane } = place;
  await lockLanes(session, new Set(lane === null ? [] : [lane]));
  const [row] = await session.rows<{ status: string; due_at: number | null; token: string | null }>(
    "select status, due_at, token from deliveries where id = $1 for update",
    [id],
  );
  if (!row) return null;
  if (row.due_at === null) return "final";
  if (row.token !== null && row.due_at > now) return "leased";
  await session.run(
    "update deliveries set status = 'parked', reason = 'skipped', due_at = null, token = null where id = $1",
    [id],
  );
  if (row.status === "pending" && lane !== null) await letNextGo(session, [[destination, lane]]);
  return "skipped";
}

/** Returns the destinations that have deliveries due again. */
export async function release(
  session: Session,
  channel: string,
  leases: readonly Lease[],
  now: number,
): Promise<Set<string>> {
  const rows = await session.rows<{ id: string; destination: string }>(
    `update deliveries d set due_at = $3, token = null
     from unnest($1::text[], $2::text[]) given (id, token)
     where d.id = given.id and d.token = given.token and d.status = 'pending'
     returning d.id, d.destination`,
    [...idsAndTokens(leases), now],
  );
  const probes = new Set(leases.filter(isProbe).map(({ delivery }) => delivery.id));
  const probed = rows.filter(({ id }) => probes.has(id)).map(({ destination }) => destination);
  if (probed.length > 0) await letProbe(session, channel, probed, now);
  return new Set(rows.map(({ destination }) => destination));
}

/**
 * Parks some of the open deliveries to destinations that are not among `names`: whole lanes, so that none is
 * left with held deliveries alone. Returns their number; 0: none is left.
 */
export async function parkSome(session: Session, names: readonly string[]): Promise<number> {
  const rows = await session.rows<{ position: number; destination: string; lane: string | null }>(
    `select position, destination, lane from deliveries
     where status = 'pending' and destination <> all($1::text[]) order by position limit 500`,
    [names],
  );
  if (rows.length === 0) return 0;
  await lockLanes(session, new Set(rows.flatMap(({ lane }) => lane ?? [])));
  return session.run(
    `update deliveries d set status = 'parked', reason = 'destination_removed', due_at = null, token = null
     from unnest($1::bigint[], $2::text[], $3::text[]) given (position, destination, lane)
     where d.due_at is not null
       and (d.position = given.position or (d.destination = given.destination and d.lane = given.lane))`,
    columns(
      rows.map(({ position, destination, lane }) => [position, destination, lane]),
      3,
    ),
  );
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
              or exists (select from attempts a where a.delivery_id = deliveries.id and a.started_at > $4))
       order by id for update)`,
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

/** Answered by an index alone. */
export const BACKLOG = `select destination, count(*) as open, min(recorded_at) as oldest from deliveries
  where due_at is not null group by destination`;

export function backlog(session: Session): Promise<Backlog[]> {
  return session.rows<Backlog>(BACKLOG);
}
