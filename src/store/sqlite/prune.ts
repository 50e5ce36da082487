import type { DatabaseSync } from "node:sqlite";
import { after, nextStep } from "../cursor.ts";
import { PRUNABLE, type PruneResult, type PruneStep } from "../port/retention.ts";
import { AGE, type PrunedByPosition } from "../tables.ts";
import { type Query, query } from "./statements.ts";
import { createTallyPruning } from "./tallies.ts";

/** How the rows of a table are visited, and what is removed with one. */
interface Walk {
  from: string;
  /** A condition for rows that must stay, however old. */
  stays?: string;
  /** Statements that remove the row at a position, and all that belongs to it. */
  drops: readonly string[];
}

const DELIVERIES_OF = "deliveries d on d.recorded_at = e.recorded_at and d.event_id = e.id";

const WALKS: Readonly<Record<PrunedByPosition, Walk>> = {
  receipts: {
    from: "receipts",
    stays: "shadow is not null",
    drops: ["delete from bodies where position = ?", "delete from receipts where position = ?"],
  },
  rejections: alone("rejections"),
  audit: alone("audit"),
  proofs: alone("proofs"),
  events: {
    from: "events e",
    stays: `exists (select 1 from deliveries d
      where d.recorded_at = e.recorded_at and d.event_id = e.id and d.due_at is not null)`,
    drops: [
      "insert into tombstones (id, recorded_at) select id, recorded_at from events where position = ?",
      "delete from duplicates where event_id = (select id from events where position = ?)",
      "update channel_keys set origin = null where event_id = (select id from events where position = ?)",
      `delete from attempts where delivery in
         (select d.position from events e join ${DELIVERIES_OF} where e.position = ?)`,
      `delete from deliveries where position in
         (select d.position from events e join ${DELIVERIES_OF} where e.position = ?)`,
      "delete from events where position = ?",
    ],
  },
  attempts: {
    from: "attempts a",
    stays: "exists (select 1 from deliveries d where d.position = a.delivery and d.due_at is not null)",
    drops: ["delete from attempts where position = ?"],
  },
  documents: {
    from: "documents",
    drops: [
      `delete from links where (source, document_id) = (select source, id from documents where position = ?)`,
      "delete from documents where position = ?",
    ],
  },
  tombstones: {
    from: "tombstones",
    drops: [
      "delete from dedupe_keys where event_id = (select id from tombstones where position = ?)",
      "delete from channel_keys where event_id = (select id from tombstones where position = ?)",
      "delete from tombstones where position = ?",
    ],
  },
};

function alone(table: string): Walk {
  return { from: table, drops: [`delete from ${table} where position = ?`] };
}

/** The result takes a step. It runs inside a transaction. */
export function createPruning(db: DatabaseSync): (step: PruneStep) => PruneResult {
  const steps = new Map(
    PRUNABLE.map((table) => [table, table === "tallies" ? createTallyPruning(db) : createWalk(db, table)]),
  );
  return (step) => {
    const take = steps.get(step.table);
    if (!take) throw new Error(`${step.table} is not pruned`);
    return take(step);
  };
}

function createWalk(db: DatabaseSync, table: PrunedByPosition): (step: PruneStep) => PruneResult {
  const prepared = prepare(db, table);
  return (step) => take(prepared, step);
}

interface Prepared {
  look: Query<{ position: number; at: number; stays: number }>;
  drops: readonly Query<never>[];
  ordered: boolean;
}

function prepare(db: DatabaseSync, table: PrunedByPosition): Prepared {
  const { from, stays = "false", drops } = WALKS[table];
  const { column, ordered } = AGE[table];
  return {
    look: query(
      db,
      `select position, ${column} as at, ${stays} as stays from ${from}
       where position > ? order by position limit ?`,
    ),
    drops: drops.map((sql) => query(db, sql)),
    ordered,
  };
}

function take({ look, drops, ordered }: Prepared, step: PruneStep): PruneResult {
  const { before, limit } = step;
  const rows = look.all(after(step), limit);
  const old = rows.filter(({ at }) => at < before);
  const gone = old.filter(({ stays }) => stays === 0);
  for (const { position } of gone) for (const drop of drops) drop.run(position);
  return { pruned: gone.length, next: nextStep(rows, step, { foundOld: old.length > 0, ordered }) };
}
