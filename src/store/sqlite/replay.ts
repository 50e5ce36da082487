import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { after, cursorAt, nextOf } from "../cursor.ts";
import type { AcknowledgeFilter, ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import { acknowledgeable, type Chosen, replayable, STATUSES } from "../sql/replayable.ts";
import { MAX_ROWS_LOOKED_AT } from "../sql/walk.ts";
import { query, type Statements } from "./statements.ts";

/** The next deliveries after a position, as many as one step looks at. */
interface Window {
  /** The position is its last value. */
  sql: string;
  values: readonly string[];
}

const ALL: Window = {
  sql: `select position from deliveries where position > ? order by position limit ${MAX_ROWS_LOOKED_AT}`,
  values: [],
};

/** Those of a document or the parked ones of a destination are few among all, and an index has them. */
function countingWindow({ document, parkedOf }: Chosen): Window {
  const next = (d: string) => `${d}position > ? order by ${d}position limit ${MAX_ROWS_LOOKED_AT}`;
  if (document !== undefined)
    return {
      sql: `select d.position from events e
            join deliveries d on d.recorded_at = e.recorded_at and d.event_id = e.id
            where e.document_id = ? and ${next("d.")}`,
      values: [document],
    };
  if (parkedOf !== undefined)
    return {
      sql: `select position from deliveries where destination = ? and ${STATUSES.parked("")} and ${next("")}`,
      values: [parkedOf],
    };
  return ALL;
}

/** Their events are read only where something is asked of them: they lie scattered. */
function chosenFrom({ sql }: Window, { asksEvents }: Chosen): string {
  const events = asksEvents ? " join events e on e.id = d.event_id" : "";
  return `(${sql}) w join deliveries d using (position)${events}`;
}

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
  const window = ALL;
  const rows = query<{ position: number; destination: string; lane: string | null }>(
    db,
    `select w.position, d.destination, d.lane from ${chosenFrom(window, chosen)}
     where ${chosen.sql} order by w.position limit ?`,
  ).all(...window.values, after(page), ...chosen.values, page.limit + 1);
  return { shown: rows.slice(0, page.limit), next: nextOf(rows, page) ?? endOf(db, window, after(page)) };
}

/** The number of deliveries, counted in steps, with other work in between. */
export async function countChosen(db: DatabaseSync, chosen: Chosen): Promise<number> {
  const window = countingWindow(chosen);
  const step = query<{ count: number }>(
    db,
    `select count(*) as count from ${chosenFrom(window, chosen)} where ${chosen.sql}`,
  );
  let sum = 0;
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const from = after({ cursor });
    sum += step.one(...window.values, from, ...chosen.values)?.count ?? 0;
    cursor = endOf(db, window, from);
    await setImmediate();
  }
  return sum;
}

/** The cursor after the window; null: it holds the last deliveries. */
function endOf(db: DatabaseSync, { sql, values }: Window, from: number): string | null {
  const row = query<{ looked: number; last: number }>(
    db,
    `select count(*) as looked, max(position) as last from (${sql})`,
  ).one(...values, from);
  return row?.looked === MAX_ROWS_LOOKED_AT ? cursorAt(row.last) : null;
}
