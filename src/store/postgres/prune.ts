import { documentLane, laneOf, signerLane } from "../../domain/destination.ts";
import { after, nextStep } from "../cursor.ts";
import type { PruneResult, PruneStep } from "../port/retention.ts";
import { AGE, EVENT, type PrunedByPosition } from "../tables.ts";
import { columns } from "./given.ts";
import { dropLanes, lockFree } from "./lanes.ts";
import { IS_OPEN } from "./plans.ts";
import type { Session } from "./session.ts";
import { pruneTallies } from "./tallies.ts";

/**
 * Removes the rows of these positions, but for those that must stay or that another holds. Returns their
 * number.
 */
type Drop = (session: Session, positions: readonly number[], before: number) => Promise<number>;

const DROPS: Readonly<Record<PrunedByPosition, Drop>> = {
  receipts: dropFrom("receipts", "shadow is null"),
  rejections: dropFrom("rejections"),
  audit: dropFrom("audit"),
  proofs: dropFrom("proofs"),
  attempts: dropFrom(
    "attempts a",
    `not exists (select from deliveries d where d.position = a.delivery and ${IS_OPEN})`,
  ),
  events: dropEvents,
  documents: dropDocuments,
  tombstones: dropTombstones,
};

/**
 * Runs inside a transaction, on any number of nodes at once. Skips rows that other transactions have locked,
 * so that none waits long for another; the next round takes them.
 */
export async function prune(session: Session, step: PruneStep): Promise<PruneResult> {
  const { table, before, limit } = step;
  if (table === "tallies") return pruneTallies(session, step);
  const { column, ordered } = AGE[table];
  const rows = await session.rows<{ position: number; old: boolean }>(
    `select position, ${column} < $3 as old from ${table} where position > $1 order by position limit $2`,
    [after(step), limit, before],
  );
  const old = rows.flatMap(({ position, old }) => (old ? [position] : []));
  const pruned = old.length === 0 ? 0 : await DROPS[table](session, old, before);
  return { pruned, next: nextStep(rows, step, { foundOld: old.length > 0, ordered }) };
}

/** For a table whose rows have no others that belong to them. */
function dropFrom(table: string, free = "true"): Drop {
  return (session, positions) =>
    session.run(
      `delete from ${table} where position = any(array(
         select position from ${table} where position = any($1::bigint[]) and ${free}
         order by position for update skip locked))`,
      [positions],
    );
}

/** Skips events locked by a concurrent record or replay. */
async function dropEvents(session: Session, positions: readonly number[]): Promise<number> {
  const events = await session.rows<Old & { position: number; body: string; documented: boolean }>(
    `select e.position, e.id, e.recorded_at, e.body,
       coalesce((select true from documents d
                 where d.source = e.source and d.id = e.document_id), false) as documented
     from events e where e.position = any($1::bigint[]) order by e.position for update of e skip locked`,
    [positions],
  );
  const busy = await lockDeliveries(session, events);
  const gone = events.filter(({ id }) => !busy.has(id));
  const ids = gone.map(({ id }) => id);
  const orphans = gone.filter(({ documented }) => !documented).map(EVENT.decode);
  await Promise.all([
    session.run(
      `insert into tombstones (id, recorded_at)
       select id, recorded_at from events where position = any($1::bigint[]) order by position`,
      [gone.map(({ position }) => position)],
    ),
    session.run("delete from events where id = any($1::text[])", [ids]),
    session.run(
      `delete from attempts where delivery = any(array(select position from ${DELIVERIES_OF}))`,
      timesAndIds(gone),
    ),
    session.run(
      `delete from deliveries where position = any(array(select position from ${DELIVERIES_OF}))`,
      timesAndIds(gone),
    ),
    session.run("delete from duplicates where event_id = any($1::text[])", [ids]),
    session.run("update channel_keys set origin = null where event_id = any($1::text[])", [ids]),
    // Lanes of events without a document row: nothing else deletes them.
    dropLanes(session, new Set(orphans.flatMap((event) => laneOf({ ordering: "document" }, event) ?? []))),
  ]);
  return gone.length;
}

type Old = {
  id: string;
  recorded_at: number;
};

/** The deliveries of given events, for a `from` clause; its values are `timesAndIds`. */
const DELIVERIES_OF = `unnest($1::bigint[], $2::text[]) given (recorded_at, event_id)
  join deliveries d using (recorded_at, event_id)`;

function timesAndIds(events: readonly Old[]) {
  return columns(
    events.map(({ recorded_at, id }) => [recorded_at, id]),
    2,
  );
}

/**
 * Locks the deliveries of these events. Returns the events of which a delivery is open, or locked by another.
 */
async function lockDeliveries(session: Session, events: readonly Old[]): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ event_id: string }>(
    `with final as (
       select d.event_id from ${DELIVERIES_OF} where d.due_at is null for update of d skip locked
     )
     select event_id from (
       select event_id, 1 as n from final
       union all select event_id, -1 from ${DELIVERIES_OF}
     ) counted
     group by event_id having sum(n) <> 0`,
    timesAndIds(events),
  );
  return new Set(rows.map(({ event_id }) => event_id));
}

/** A document does not change while its lane is locked, so its age is checked again under the lock. */
async function dropDocuments(
  session: Session,
  positions: readonly number[],
  before: number,
): Promise<number> {
  const old = await session.rows<{ position: number; source: string; id: string }>(
    "select position, source, id from documents where position = any($1::bigint[])",
    [positions],
  );
  const held = await lockFree(session, new Set(old.map(({ source, id }) => documentLane(source, id))));
  const free = old.filter(({ source, id }) => held.has(documentLane(source, id)));
  const gone = await session.rows<{ source: string; id: string }>(
    "delete from documents where position = any($1::bigint[]) and changed_at < $2 returning source, id",
    [free.map(({ position }) => position), before],
  );
  const links = await session.rows<{ source: string; signer_id: string }>(
    `delete from links where ctid = any(array(
       select l.ctid from unnest($1::text[], $2::text[]) gone (source, document_id)
       cross join lateral (select ctid from links l
                           where l.source = gone.source and l.document_id = gone.document_id
                           for update skip locked) l))
     returning source, signer_id`,
    columns(
      gone.map(({ source, id }) => [source, id]),
      2,
    ),
  );
  await dropLanes(
    session,
    new Set([
      ...gone.map(({ source, id }) => documentLane(source, id)),
      ...links.map(({ source, signer_id }) => signerLane(source, signer_id)),
    ]),
  );
  return gone.length;
}

/** Together with their dedupe keys and channel keys. */
async function dropTombstones(session: Session, positions: readonly number[]): Promise<number> {
  const rows = await session.rows<{ id: string }>(
    "select id from tombstones where position = any($1::bigint[]) order by position for update skip locked",
    [positions],
  );
  const ids = rows.map(({ id }) => id);
  await Promise.all([
    session.run("delete from dedupe_keys where event_id = any($1::text[])", [ids]),
    session.run("delete from channel_keys where event_id = any($1::text[])", [ids]),
    session.run("delete from tombstones where id = any($1::text[])", [ids]),
  ]);
  return ids.length;
}
