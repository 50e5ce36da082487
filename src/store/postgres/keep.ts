import type { Rejection } from "../../domain/receipt.ts";
import { type DestinationRow, toDestination } from "../rows.ts";
import type { AuditEntry, DestinationState } from "../store.ts";
import { KEPT } from "./call.ts";
import type { Session } from "./session.ts";

/** Keeps a refused request, and the newest of its channel. Runs inside a transaction. */
export async function reject(session: Session, rejection: Rejection, keep: number): Promise<void> {
  const { id, source, channel, receivedAt, query, headers, body, reason, shown } = rejection;
  await session.run(
    `insert into rejections (id, source, channel, received_at, query, headers, body, reason, shown)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, source, channel, receivedAt, query, JSON.stringify(headers), body, reason, JSON.stringify(shown)],
  );
  await session.run(
    `delete from rejections where source = $1 and channel = $2 and position <=
       (select position from rejections where source = $1 and channel = $2
        order by position desc limit 1 offset $3)`,
    [source, channel, keep],
  );
}

export async function destinations(session: Session): Promise<DestinationState[]> {
  const rows = await session.rows<DestinationRow>(
    "select name, paused, breaker from destinations order by name",
  );
  return rows.map(toDestination);
}

/** One statement, so that two nodes that keep different things do not undo each other's. All nodes are told. */
export async function keepDestination(
  session: Session,
  channel: string,
  name: string,
  { paused, breaker }: Partial<Omit<DestinationState, "name">>,
): Promise<void> {
  await session.run(
    `with kept as (
       insert into destinations (name, paused, breaker) values ($1, $2, $4)
       on conflict (name) do update set
         paused  = case when $3::boolean then excluded.paused  else destinations.paused  end,
         breaker = case when $5::boolean then excluded.breaker else destinations.breaker end
       returning name
     )
     select pg_notify($6, '${KEPT}') from kept`,
    [name, asJson(paused), paused !== undefined, asJson(breaker), breaker !== undefined, channel],
  );
}

export async function addAudit(
  session: Session,
  { at, action, caller, reason, details }: AuditEntry,
): Promise<void> {
  await session.run("insert into audit (at, action, caller, reason, details) values ($1, $2, $3, $4, $5)", [
    at,
    action,
    caller,
    reason,
    JSON.stringify(details),
  ]);
}

function asJson(value: object | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}
