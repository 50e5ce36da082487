import { tallyParked } from "../../domain/tally.ts";
import type { Control } from "../port/control.ts";
import type { Queue } from "../port/queue.ts";
import { placeOfDelivery } from "../sql/find.ts";
import type { Statements } from "./statements.ts";
import type { Count } from "./tallies.ts";

/**
 * Deliveries that are parked without an attempt, or acknowledged. Everything here runs inside a transaction.
 */

export function skip(
  sql: Statements,
  id: string,
  now: number,
  count: Count,
): Awaited<ReturnType<Queue["skip"]>> {
  const place = placeOfDelivery(id);
  const row = place && sql.stateOf.one(...place);
  if (!row) return null;
  if (row.due_at === null) return "final";
  if (row.token !== null && row.due_at > now) return "leased";
  sql.settle.run("parked", "skipped", null, null, row.position);
  if (row.status === "pending" && row.lane !== null) sql.letNextGo.run(row.destination, row.lane);
  count(tallyParked(row.destination, now));
  return "skipped";
}

export function acknowledgeOne(
  sql: Statements,
  id: string,
  now: number,
): Awaited<ReturnType<Control["acknowledgeOne"]>> {
  const place = placeOfDelivery(id);
  const row = place && sql.stateOf.one(...place);
  if (!row) return null;
  if (row.status !== "parked") return "open";
  return sql.acknowledge.run(now, row.position) === 1 ? "acknowledged" : "done";
}

export function parkRemoved(sql: Statements, names: readonly string[], now: number, count: Count): number {
  const known = JSON.stringify(names);
  for (const { destination, open } of sql.openOfRemoved.all(known))
    count(tallyParked(destination, now, open));
  return sql.parkRemoved.run(known);
}
