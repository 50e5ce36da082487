import type { DbRow, Scalar } from "../columns.ts";
import { namesOf } from "../description.ts";
import { leaseToken, partsOfLeaseToken } from "../lease-token.ts";
import type { BatchRule, ClaimRequest, Lease } from "../port/queue.ts";
import { type FollowingRow, followersOf } from "../sql/followers.ts";
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
  const { destination, until, probe = false, batch } = request;
  const token = probe ? `${PROBE}${newToken}` : newToken;
  const [, rows, following] = await Promise.all([
    session.run(TAKE_TURN, [channel, destination]),
    lease(session, request, token),
    batch && followLeases(session, { destination, token, batch }),
    probe ? moveProbe(session, channel, { destination, until, token }) : undefined,
  ]);
  const behind = following && Map.groupBy(following, ({ leased }) => leased);
  return rows.map((row) => ({
    delivery: DELIVERY.decode(row),
    ...LEASED_EVENT.decode(row),
    token: leaseToken(row.position, token),
    ...(behind && { followers: followersOf(behind.get(row.position) ?? [], token) }),
  }));
}

/**
 * What follows the leases of this token in their lanes, up to the end of their batch, which is closed with
 * that. Followers are held, and change only together with a lease.
 */
function followLeases(
  session: Session,
  { destination, token, batch }: { destination: string; token: string; batch: BatchRule },
) {
  return session.rows<FollowingRow & { leased: number }>(
    `with leased as (
       select position, destination, lane, recorded_at, batch from deliveries
       where destination = $1 and token = $2 and status = 'pending'
     ), following as (
       select l.position as leased, d.position, d.batch is not distinct from l.batch
         and (d.batch is not null or d.recorded_at / $3::bigint = l.recorded_at / $3::bigint) as together
       from leased l cross join lateral (
         select position, recorded_at, batch from deliveries d
         where d.destination = l.destination and d.lane = l.lane
           and d.due_at is not null and d.position > l.position
         order by d.position limit $4) d
     ), chosen as (
       select leased, position, together from following f where not exists (
         select from following before
         where before.leased = f.leased and before.position <= f.position and not before.together)
     ), closed as (
       update deliveries d set batch = $2
       from (select position from leased union all select position from chosen) c
       where d.position = c.position and d.batch is null
     )
     select leased, position, together, ${selectOf({ isPostgres: true }, DELIVERY.columns)}, e.body
     from chosen join deliveries using (position) join (select id, body from events) e on e.id = event_id
     order by position`,
    [destination, token, batch.period, batch.limit - 1],
  );
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
