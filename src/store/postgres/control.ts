import type { AuditEntry, DestinationState } from "../port/control.ts";
import { AUDIT_ENTRY } from "../tables.ts";
import { insertRows } from "./given.ts";
import { STATE_CHANGED } from "./notify.ts";
import type { Session } from "./session.ts";

/**
 * One statement, so that two nodes that save different fields do not undo each other's. All nodes are
 * notified.
 */
export async function saveDestination(
  session: Session,
  channel: string,
  name: string,
  { paused, breaker }: Partial<Omit<DestinationState, "name">>,
): Promise<void> {
  await session.run(
    `with saved as (
       insert into destinations (name, paused, breaker) values ($1, $2, $4)
       on conflict (name) do update set
         paused  = case when $3::boolean then excluded.paused  else destinations.paused  end,
         breaker = case when $5::boolean then excluded.breaker else destinations.breaker end
       returning name
     )
     select pg_notify($6, '${STATE_CHANGED}') from saved`,
    [name, asJson(paused), paused !== undefined, asJson(breaker), breaker !== undefined, channel],
  );
}

export async function addAudit(session: Session, entry: AuditEntry): Promise<void> {
  await insertRows(session, "audit", AUDIT_ENTRY.columns, [AUDIT_ENTRY.encode(entry)]);
}

function asJson(value: object | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}
