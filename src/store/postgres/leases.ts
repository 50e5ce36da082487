import { removeDead } from "./membership.ts";
import { isProbe, letProbe } from "./probe.ts";
import type { Session } from "./session.ts";

/** A lease's token ends with the number of the node that holds it, so that others know whose it was. */

const SEPARATOR = "/";

/** `node` null: the node has no number at the moment, and the lease ends by its time alone. */
export function tokenOf(drawn: string, node: number | null): string {
  return node === null ? drawn : `${drawn}${SEPARATOR}${node}`;
}

interface Ending {
  channel: string;
  /** Only the leases of those that are dead are ended. */
  nodes: readonly number[];
  now: number;
}

/**
 * Makes due at `now` what dead nodes had leased. A settlement that a dead node had sent, and that the server
 * is still storing, is waited for and counts. Runs inside a transaction; returns the destination of each.
 */
export async function endLeases(session: Session, { channel, nodes, now }: Ending): Promise<string[]> {
  const dead = nodes.length > 0 ? await removeDead(session, channel, nodes) : [];
  if (dead.length === 0) return [];
  const ended = await session.rows<{ destination: string; token: string }>(
    `with held as (
       select position, destination, token from deliveries
       where token is not null and status = 'pending'
         and split_part(token, '${SEPARATOR}', 2) = any($1::text[])
       order by position for update
     )
     update deliveries d set due_at = $2, token = null from held where d.position = held.position
     returning held.destination, held.token`,
    [dead.map(String), now],
  );
  const probed = new Set(ended.filter(isProbe).map(({ destination }) => destination));
  if (probed.size > 0) await letProbe(session, channel, [...probed], now);
  return ended.map(({ destination }) => destination);
}
