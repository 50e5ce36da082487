import type { AuditEntry, DestinationState } from "../port/control.ts";
import { AUDIT_ENTRY, DESTINATION } from "../tables.ts";
import type { Statements } from "./statements.ts";

/** Everything here runs inside a transaction. */

export function saveDestination(
  sql: Statements,
  name: string,
  given: Partial<Omit<DestinationState, "name">>,
): void {
  const row = sql.destination.one(name);
  const saved = row ? DESTINATION.decode(row) : { name, paused: null, breaker: null };
  sql.setDestination.run(...DESTINATION.encode({ ...saved, ...given }));
}

export function addAudit(sql: Statements, entry: AuditEntry): void {
  sql.addAudit.run(...AUDIT_ENTRY.encode(entry));
}
