import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { after, cursorAt, nextOf } from "../cursor.ts";
import type { AcknowledgeFilter, ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import { acknowledgeable, type Chosen, replayable } from "../sql/replayable.ts";
import { MAX_ROWS_LOOKED_AT } from "../sql/walk.ts";
import { query, type Statements } from "./statements.ts";

/** The next deliveries after a position, as many as one step looks at. */
const WINDOW = `select position from deliveries where position > ? order by position limit ${MAX_ROWS_LOOKED_AT}`;
const CHOSEN = `(${WINDOW}) w join deliveries d using (position) join events e on e.id = d.event_id`;

/** Runs inside a transaction. A delivery whose lane has an open one waits there. */
export function replay(
  db: DatabaseSync,
  sql: Statements,
  filter: ReplayFilter,
  page: PageRequest,
  { now, spacing }: { now: number; spacing: number },
): { replayed: number; next: string | null } {
  const { shown, next } = chosenPage(db, replayable(filter), page);
  for (const [n, { position, destination, lane }] of shown.entries()) {
    const waits = lane !== null && sql.laneIsOpen.one(destination, lane) !== undefined;
    sql.replay.run(waits ? "held" : "pending", now + n * spacing, position);
  }
  return { replayed: shown.length, next };
}

/** Runs inside a transaction. */
export function acknowledge(
  db: DatabaseSync,
  sql: Statements,
  filter: AcknowledgeFilter,
  page: PageRequest,
  now: number,
): { acknowledged: number; next: string | null } {
  const { shown, next } = chosenPage(db, acknowledgeable(filter), page);
  for (const { position } of shown) sql.acknowledge.run(now, position);
  return { acknowledged: shown.length, next };
}

function chosenPage(db: DatabaseSync, chosen: Chosen, page: PageRequest) {
  const rows = query<{ position: number; destination: string; lane: string | null }>(
    db,
    `select w.position, d.destination, d.lane from ${CHOSEN}
     where ${chosen.sql} order by w.position limit ?`,
  ).all(after(page), ...chosen.values, page.limit + 1);
  return { shown: rows.slice(0, page.limit), next: nextOf(rows, page) ?? endOf(db, after(page)) };
}

/** The number of deliveries, counted in steps, with other work in between. */
export async function countChosen(db: DatabaseSync, chosen: Chosen): Promise<number> {
  const step = query<{ count: number }>(db, `select count(*) as count from ${CHOSEN} where ${chosen.sql}`);
  let sum = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const from = after({ cursor });
    sum += step.one(from, ...chosen.values)?.count ?? 0;
    cursor = endOf(db, from);
    await setImmediate();
  }
  return sum;
}

/** The cursor after the window; null: it holds the last deliveries. */
function endOf(db: DatabaseSync, from: number): string | null {
  const row = query<{ looked: number; last: number }>(
    db,
    `select count(*) as looked, max(position) as last from (${WINDOW})`,
  ).one(from);
  return row?.looked === MAX_ROWS_LOOKED_AT ? cursorAt(row.last) : null;
}
