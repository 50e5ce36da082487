import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { settledState } from "../../domain/delivery.ts";
import { after, nextOf } from "../cursor.ts";
import { type DeliveryRow, toDelivery, toEvent } from "../db-rows.ts";
import type { ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import type { Lease, Settlement } from "../port/queue.ts";
import type { Store } from "../store.ts";
import { endOf, MAX_ROWS_LOOKED_AT } from "./find.ts";
import { query, type Statements } from "./statements.ts";

/** What happens to deliveries. Everything here runs inside a transaction. */

export function claim(
  sql: Statements,
  { destination, limit, now, until }: { destination: string; limit: number; now: number; until: number },
  token: string,
): Lease[] {
  const rows = sql.due.all(destination, now, limit);
  for (const row of rows) sql.lease.run(token, until, row.id);
  return rows.map((row) => ({ delivery: toDelivery({ ...row, due_at: until }), event: toEvent(row), token }));
}

export function settle(sql: Statements, { delivery, token, attempt, outcome }: Settlement): boolean {
  const lease = sql.leaseOf.one(delivery, token);
  if (!lease) return false;

  if (attempt) {
    const { number, startedAt, duration, cause, answer, retryAfter } = attempt;
    sql.addAttempt.run(delivery, number, startedAt, duration, cause, attempt.status, answer, retryAfter);
  }
  const { status, reason, dueAt } = settledState(outcome);
  sql.settle.run(status, reason, dueAt, attempt?.number ?? null, delivery);
  if (dueAt === null && lease.lane !== null) sql.letNextGo.run(lease.destination, lease.lane);
  return true;
}

export function skip(sql: Statements, id: string, now: number): Awaited<ReturnType<Store["skip"]>> {
  const row = sql.openness.one(id);
  if (!row) return null;
  if (row.due_at === null) return "final";
  if (row.token !== null && row.due_at > now) return "leased";
  sql.settle.run("parked", "skipped", null, null, id);
  if (row.status === "pending" && row.lane !== null) sql.letNextGo.run(row.destination, row.lane);
  return "skipped";
}

/** The nth of the page is due n × `spacing` milliseconds from `now`; one whose lane is busy waits there. */
export function replay(
  db: DatabaseSync,
  sql: Statements,
  filter: ReplayFilter,
  page: PageRequest,
  { now, spacing }: { now: number; spacing: number },
): { replayed: number; next: string | null } {
  const { where, values } = replayable(filter);
  const rows = query<Pick<DeliveryRow, "id" | "destination" | "lane"> & { position: number }>(
    db,
    `select w.position, d.id, d.destination, d.lane from ${where} order by w.position limit ?`,
  ).all(after(page), ...values, page.limit + 1);
  const shown = rows.slice(0, page.limit);
  for (const [n, { id, destination, lane }] of shown.entries()) {
    const waits = lane !== null && sql.laneIsOpen.one(destination, lane) !== undefined;
    sql.replay.run(waits ? "held" : "pending", now + n * spacing, id);
  }
  return { replayed: shown.length, next: nextOf(rows, page) ?? endOf(db, WINDOW, [after(page)]) };
}

/** In steps, with everybody else's turn in between. */
export async function countReplay(db: DatabaseSync, filter: ReplayFilter): Promise<number> {
  const { where, values } = replayable(filter);
  const step = query<{ count: number }>(db, `select count(*) as count from ${where}`);
  let sum = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const from = after({ cursor });
    sum += step.one(from, ...values)?.count ?? 0;
    cursor = endOf(db, WINDOW, [from]);
    await setImmediate();
  }
  return sum;
}

/** Deliveries behind a position, as many as are looked at in a step. */
const WINDOW = `select position from deliveries where position > ? order by position limit ${MAX_ROWS_LOOKED_AT}`;

/** From which deliveries of a window a replay chooses, as SQL from the table's name on. */
function replayable({ destination, status, since, type, document }: ReplayFilter) {
  const statuses = status === "all" ? "('parked', 'delivered')" : `('${status}')`;
  const asked: readonly [string, string | number | undefined][] = [
    ["d.recorded_at >= ?", since],
    ["e.type = ?", type],
    ["e.document_id = ?", document],
  ];
  const given = asked.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  const conditions = ["d.destination = ?", `d.status in ${statuses}`, ...given.map(({ sql }) => sql)];
  return {
    where: `(${WINDOW}) w join deliveries d using (position) join events e on e.id = d.event_id where ${conditions.join(" and ")}`,
    values: [destination, ...given.map(({ value }) => value)],
  };
}
