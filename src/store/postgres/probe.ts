import type { Lease } from "../port/queue.ts";
import { STATE_CHANGED } from "./notify.ts";
import type { Session } from "./session.ts";

/**
 * Through an open breaker only probes are leased, one at a time over all nodes. The claim that takes a probe
 * moves the breaker's `probeAt` to the end of the lease, so that the next probe can follow when the node
 * dies. All nodes are notified.
 */

/** What is drawn for the claim of a probe begins with this. */
export const PROBE = "probe:";

/** `token`: as a row holds it. */
export function isProbe({ token }: Pick<Lease, "token">): boolean {
  return token.startsWith(PROBE);
}

/** When the next probe may go, in a row of `destinations`; null: the breaker is closed. */
export const PROBE_AT = "(breaker::json->>'probeAt')::bigint";
/** The row's breaker with another `probeAt`. */
const probingAt = (at: string) => `jsonb_set(breaker::jsonb, '{probeAt}', to_jsonb(${at}::bigint))::text`;

/** Moves `probeAt` to the end of the lease, if a probe was leased with this token. */
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

/** Lets the next probe go at once: nothing was sent of the one that was leased. */
export function letProbe(session: Session, channel: string, destinations: readonly string[], now: number) {
  return session.run(
    `with moved as (
       update destinations set breaker = ${probingAt("$2")}
       where name = any($1::text[]) and ${PROBE_AT} is not null
       returning name
     )
     select pg_notify($3, '${STATE_CHANGED}') from moved limit 1`,
    [destinations, now, channel],
  );
}

/** Lets the next probe go at once where it would wait longer than a lease: the clock was set back. */
export function hastenProbe(
  session: Session,
  channel: string,
  { destination, now, lease }: { destination: string; now: number; lease: number },
) {
  return session.run(
    `with moved as (
       update destinations set breaker = ${probingAt("$2")}
       where name = $1 and ${PROBE_AT} > $2::bigint + $4::bigint
       returning name
     )
     select pg_notify($3, '${STATE_CHANGED}') from moved`,
    [destination, now, channel, lease],
  );
}
