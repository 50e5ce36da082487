import type { DbRow, Scalar } from "../columns.ts";
import { namesOf } from "../description.ts";
import { leaseToken, partsOfLeaseToken } from "../lease-token.ts";
import type { ClaimRequest, Lease } from "../port/queue.ts";
import { selectOf } from "../sql/session.ts";
import { DELIVERY, LEASED_EVENT } from "../tables.ts";
import { columns } from "./given.ts";
import { hasToken, isDueAfter } from "./plans.ts";
import { moveProbe, PROBE, PROBE_AT } from "./probe.ts";
import type { Session } from "./session.ts";

/**
 * A claim need not be on disk: when the server loses it, the delivery is due, as after the end of its lease.
 * The commit of its result comes later and waits for the disk.
 */
const TAKE_TURN = `select pg_advisory_xact_lock(hashtext($1), hashtext($2)),
  set_config('synchronous_commit', 'off', true)`;

const ANY = { limit: null, settleMargin: 0, finished: [] };

/**
 * Runs inside a transaction, in one round trip. Claims of one destination take turns over all nodes, so that
 * each counts the leases of the one before. Deliveries that another transaction has locked are skipped. Only
 * the first delivery of a lane is pending, so two of one lane are never leased.
 */
export async function claim(
  session: Session,
  channel: string,
  request: ClaimRequest,
  newToken: string,
): Promise<Lease[]> {
  const { destination, until, probe = false } = request;
  const token = probe ? `${PROBE}${newToken}` : newToken;
  const [, rows] = await Promise.all([
    session.run(TAKE_TURN, [channel, destination]),
    lease(session, request, token),
    probe ? moveProbe(session, channel, { destination, until, token }) : undefined,
  ]);
  return rows.map((row) => ({
    delivery: DELIVERY.decode(row),
    ...LEASED_EVENT.decode(row),
    token: leaseToken(row.position, token),
  }));
}

/**
 * Leases what the destination's saved state and the leases under way allow. Leases are read in order: a
 * bitmap scan would read the index entries of settled leases again and again, and never clear them away.
 */
function lease(session: Session, request: ClaimRequest, token: string) {
  const { destination, now, limit, until, probe = false, capacity = ANY } = request;
  return session.rows<DbRow & { position: number }>(
    `with leased as (
       select token from deliveries where destination = $1 and token is not null and due_at > $10::bigint
       order by due_at desc limit $6::bigint + cardinality($8::bigint[])
     ), tried as (
       select count(*) as number from unnest($8::bigint[], $9::text[]) given (position, token)
       join deliveries d on d.position = given.position and ${hasToken("given.token")}
         and ${isDueAfter("$10::bigint")}
     ), taken as (
       select count(*) - (select number from tried) as trying, bool_or(token like '${PROBE}%') as probing
       from leased
     ), capacity as (
       select case when paused is not null then 0
                   when ${PROBE_AT} is null then least($3::bigint, $6::bigint - trying)
                   when $7::boolean and probing is not true and ${PROBE_AT} <= $2
                     then least($3::bigint, $6::bigint - trying, 1)
                   else 0 end as many
       from taken left join destinations on name = $1
     ), due as (
       select position, due_at from deliveries
       where destination = $1 and status = 'pending' and due_at <= $2
       order by due_at, position limit (select greatest(many, 0) from capacity)
       for update skip locked
     ), claimed as (
       update deliveries d set token = $4, due_at = $5 from due where d.position = due.position
       returning d.*
     )
     select position, ${selectOf({ isPostgres: true }, DELIVERY.columns)}, ${namesOf(LEASED_EVENT.columns)}
     from claimed
       join (select position, due_at as since from due) due using (position)
       join (select id, ${namesOf(LEASED_EVENT.columns)} from events) e on e.id = claimed.event_id
     order by since, position`,
    [
      destination,
      now,
      limit,
      token,
      until,
      capacity.limit,
      probe,
      ...positionsAndTokens(capacity.finished),
      now + capacity.settleMargin,
    ],
  );
}

/** Each lease's row, and the token in it. */
export function positionsAndTokens(leases: readonly Pick<Lease, "token">[]): Scalar[][] {
  const parts = leases.map(({ token }) => partsOfLeaseToken(token));
  return columns(
    parts.map(({ position, drawn }) => [position, drawn]),
    2,
  );
}
