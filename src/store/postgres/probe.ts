import type { Lease } from "../port/queue.ts";
import { STATE_CHANGED } from "./notify.ts";
import type { Session } from "./session.ts";

/**
 * Through an open breaker only probes are leased, one at a time over all nodes. Whoever takes one moves the breaker's `probeAt` to the
 * end of the lease, so that a node that dies with it keeps nobody from the next one. All nodes are told.
 */

/** What the tokens of probes begin with. */
export const PROBE = "probe:";

export function isProbe({ token }: Pick<Lease, "token">): boolean {
  return token.startsWith(PROBE);
}

/** When the next probe may go, of a row of destinations; null: the breaker is closed. */
export const PROBE_AT = "(breaker::json->>'probeAt')::bigint";
/** Its breaker with another moment for that. */
const probingAt = (at: string) => `jsonb_set(breaker::jsonb, '{probeAt}', to_jsonb(${at}::bigint))::text`;

/** Takes the probe, if one was leased with this token: what came of it will say when the next may go. */
export function moveProbe(
  session: Session,
  channel: string,
  { destination, until, token }: { destination: string; until: number; token: string },
) {
  return session.run(
    `with moved as (
       update destinations set breaker = ${probingAt("$2")}
       where name = $1 and ${PROBE_AT} is not null
         and exists (select from deliveries where destination = $1 and token = $3 and due_at = $2)
       returning name
     )
     select pg_notify($4, '${STATE_CHANGED}') from moved`,
    [destination, until, token, channel],
  );
}

/** The next probe may go at once, since the one that was out has not been tried. */
export function letProbe(session: Session, channel: string, destinations: readonly string[], now: number) {
  return session.run(
    `with moved as (
       update destinations set breaker = ${probingAt("$2")} where name = any($1::text[]) and ${PROBE_AT} is not null
       returning name
     )
     select pg_notify($3, '${STATE_CHANGED}') from moved limit 1`,
    [destinations, now, channel],
  );
}

/** The next probe may go at once where it would wait for longer than a lease: the clock was set back. */
export function hastenProbe(
  session: Session,
  channel: string,
  { destination, now, lease }: { destination: string; now: number; lease: number },
) {
  return session.run(
    `with moved as (
       update destinations set breaker = ${probingAt("$2")} where name = $1 and ${PROBE_AT} > $2::bigint + $4::bigint
       returning name
     )
     select pg_notify($3, '${STATE_CHANGED}') from moved`,
    [destination, now, channel, lease],
  );
}
