import type { Backlog } from "../port/reads.ts";
import type { Session, Value } from "../sql/session.ts";

/**
 * The number of open deliveries of each destination, kept in the transactions that change it: a look at it
 * costs the same however many there are. Each destination has several rows, of which a connection changes
 * one, so that transactions do not wait for one another. A row may be negative; their sum is not.
 */

export const STRIPES = 16;
/** The stripe of the connection, as SQL. */
export const STRIPE = `pg_backend_pid() % ${STRIPES}`;

/**
 * Runs a statement that inserts or updates deliveries and returns `destination` and `opened`: 1 for one that
 * is open now, -1 for one that is open no more, otherwise 0. Returns the number of rows changed of each
 * destination.
 */
export function runCounted(
  session: Session,
  change: string,
  values: readonly Value[],
): Promise<{ destination: string; changed: number }[]> {
  return session.rows(
    `with changed as (${change}), counted as (
       insert into backlog (destination, stripe, open)
       select destination, ${STRIPE}, sum(opened) from changed
       group by destination having sum(opened) <> 0 order by destination
       on conflict (destination, stripe) do update set open = backlog.open + excluded.open
     )
     select destination, count(*) as changed from changed group by destination`,
    values,
  );
}

/** Answered by the counts and the first entry of an index for each destination. */
export const BACKLOG = `select destination, open,
    (select d.recorded_at from deliveries d
     where d.destination || '' = counted.destination and d.due_at is not null
     order by d.position limit 1) as oldest
  from (select destination, sum(open)::bigint as open from backlog group by destination) counted
  where open > 0`;

export function backlog(session: Session): Promise<Backlog[]> {
  return session.rows<Backlog>(BACKLOG);
}
