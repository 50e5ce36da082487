import type { AuditEntry, DestinationState } from "../port/control.ts";
import type { Tables } from "./tables.ts";

/** What is kept beside events: states of destinations, and what people changed. */

export function statesOf(tables: Tables): DestinationState[] {
  const states = [...tables.destinations].map(({ state }) => state);
  return states.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function saveDestination(tables: Tables, name: string, given: Partial<DestinationState>): void {
  const row = tables.destinations.get(name);
  tables.destinations.put({
    position: row?.position ?? tables.nextPosition(),
    state: { paused: null, breaker: null, ...row?.state, ...given, name },
  });
}

export function addAudit(tables: Tables, entry: AuditEntry): void {
  tables.audit.add({ position: tables.nextPosition(), entry });
}

/** False: there is none of this id. */
export function dropRejection(tables: Tables, id: string): boolean {
  const row = tables.rejections.get(id);
  if (row) tables.rejections.remove(row);
  return row !== undefined;
}
