import { settledState } from "../../domain/delivery.ts";
import { tallySettlement } from "../../domain/tally.ts";
import { leaseToken, partsOfLeaseToken } from "../lease-token.ts";
import type { ClaimRequest, Lease, Queue, Settlement } from "../port/queue.ts";
import type { Backlog } from "../port/reads.ts";
import { followersOf, untilBatchEnds } from "../sql/followers.ts";
import type { Session } from "../sql/session.ts";
import { ATTEMPT, DELIVERY, LEASED_EVENT } from "../tables.ts";
import type { LeasedRow, Statements } from "./statements.ts";
import type { Count } from "./tallies.ts";

/** Everything here but `nextDueAt` runs inside a transaction. */

export function claim(
  sql: Statements,
  { destination, limit, now, until, batch }: ClaimRequest,
  token: string,
): Lease[] {
  const rows = sql.due.all(destination, now, limit);
  return rows.map((row) => {
    sql.lease.run(token, until, row.position);
    const delivery = { ...DELIVERY.decode(row), dueAt: until };
    const lease = { delivery, ...LEASED_EVENT.decode(row), token: leaseToken(row.position, token) };
    if (!batch) return lease;
    const following = untilBatchEnds(sql.following.all(row.position, batch.period, batch.limit - 1));
    for (const { position } of [row, ...following]) sql.closeBatch.run(token, position);
    return { ...lease, followers: followersOf(following, token) };
  });
}

export function settle(sql: Statements, settlement: Settlement, count: Count): boolean {
  const { token, attempt, outcome, followers = [] } = settlement;
  const { position, drawn } = partsOfLeaseToken(token);
  const lease = sql.leaseOf.one(position, drawn);
  if (!lease) return false;

  const held = followers
    .map((one) => partsOfLeaseToken(one).position)
    .filter((one) => isHeld(sql, one, lease));
  const { status, reason, dueAt } = settledState(outcome);
  const tally = tallySettlement(lease.destination, settlement);
  for (const each of [position, ...held]) {
    if (attempt) sql.addAttempt.run(each, ...ATTEMPT.encode(attempt));
    const isBehind = each !== position && dueAt !== null;
    sql.settle.run(isBehind ? "held" : status, reason, dueAt, attempt?.number ?? null, each);
    if (tally) count(tally);
  }
  if (dueAt === null && lease.lane !== null) sql.letNextGo.run(lease.destination, lease.lane);
  return true;
}

function isHeld(sql: Statements, position: number, { destination, lane }: LeasedRow): boolean {
  return lane !== null && sql.isHeld.one(position, destination, lane) !== undefined;
}

export function release(sql: Statements, leases: readonly Lease[], now: number): void {
  for (const { token } of leases) {
    const { position, drawn } = partsOfLeaseToken(token);
    sql.release.run(now, position, drawn);
  }
}

export function bringForward(
  sql: Statements,
  { destination, now, lease }: Parameters<Queue["bringForward"]>[0],
): number {
  return sql.bringForward.run(destination, now, lease);
}

export function endLeases(sql: Statements, now: number): number {
  return sql.endLeases.run(now);
}

/** Answered by the counts, which triggers keep, and the first entry of an index for each destination. */
export const BACKLOG = `
  select destination, open,
    (select recorded_at from deliveries
     where destination = backlog.destination and due_at is not null order by position limit 1) as oldest
  from backlog where open > 0`;

export function backlog(session: Session): Promise<Backlog[]> {
  return session.rows<Backlog>(BACKLOG);
}

export function nextDueAt(sql: Statements, destination: string): number | null {
  return sql.nextDue.one(destination)?.due_at ?? null;
}
