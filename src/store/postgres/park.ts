import { tallyParked } from "../../domain/tally.ts";
import type { Queue } from "../port/queue.ts";
import { IS_DELIVERY, placeOfDelivery } from "../sql/find.ts";
import { runCounted } from "./backlog.ts";
import { columns } from "./given.ts";
import { lockLanes } from "./lanes.ts";
import { letNextGo } from "./queue.ts";
import type { Session } from "./session.ts";
import { addTallies } from "./tallies.ts";

/** Deliveries that are parked without an attempt. Everything here runs inside a transaction. */

export async function skip(
  session: Session,
  id: string,
  now: number,
): Promise<Awaited<ReturnType<Queue["skip"]>>> {
  const named = placeOfDelivery(id);
  if (!named) return null;
  // A lane never changes, so it may be read before it is locked.
  const [place] = await session.rows<{ position: number; destination: string; lane: string | null }>(
    `select position, destination, lane from deliveries where ${IS_DELIVERY}`,
    named,
  );
  if (!place) return null;
  const { position, destination, lane } = place;
  await lockLanes(session, new Set(lane === null ? [] : [lane]));
  const [row] = await session.rows<{ status: string; due_at: number | null; token: string | null }>(
    "select status, due_at, token from deliveries where position = $1 for update",
    [position],
  );
  if (!row) return null;
  if (row.due_at === null) return "final";
  if (row.token !== null && row.due_at > now) return "leased";
  await runCounted(
    session,
    `update deliveries set status = 'parked', reason = 'skipped', due_at = null, token = null
     where position = $1 returning destination, -1 as opened`,
    [position],
  );
  if (row.status === "pending" && lane !== null) await letNextGo(session, [[destination, lane]]);
  await addTallies(session, [tallyParked(destination, now)]);
  return "skipped";
}

/**
 * Parks some of the open deliveries to destinations that are not among `names`: whole lanes, so that none is
 * left with held deliveries alone. Returns their number; 0: none is left.
 */
export async function parkSome(session: Session, names: readonly string[], now: number): Promise<number> {
  const rows = await session.rows<{ position: number; destination: string; lane: string | null }>(
    `select position, destination, lane from deliveries
     where status = 'pending' and destination <> all($1::text[]) order by position limit 500`,
    [names],
  );
  if (rows.length === 0) return 0;
  await lockLanes(session, new Set(rows.flatMap(({ lane }) => lane ?? [])));
  const parked = await runCounted(
    session,
    `update deliveries d set status = 'parked', reason = 'destination_removed', due_at = null, token = null
     from unnest($1::bigint[], $2::text[], $3::text[]) given (position, destination, lane)
     where d.due_at is not null
       and (d.position = given.position or (d.destination = given.destination and d.lane = given.lane))
     returning d.destination, -1 as opened`,
    columns(
      rows.map(({ position, destination, lane }) => [position, destination, lane]),
      3,
    ),
  );
  const tallies = parked.map(({ destination, changed }) => tallyParked(destination, now, changed));
  await addTallies(session, tallies);
  return tallies.reduce((sum, { count }) => sum + count, 0);
}
