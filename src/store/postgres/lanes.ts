import { storableText } from "../../domain/text.ts";
import type { Value } from "../sql/session.ts";
import type { Session } from "./session.ts";

/**
 * Locks lanes until the transaction ends, in one order for all, so that two transactions never wait for each
 * other. False: a lane was missing when the statement began and another transaction made it meanwhile, or it
 * was dropped. Then this must be called again, and reads that were sent along with it repeated.
 */
export async function tryLanes(session: Session, lanes: ReadonlySet<string>): Promise<boolean> {
  if (lanes.size === 0) return true;
  const asked = [...new Set([...lanes].map(storableText))];
  const held = await session.rows<{ lane: string }>(
    `with added as (
       insert into lanes (lane) select lane from unnest($1::text[]) asked (lane) order by lane
       on conflict (lane) do nothing returning lane
     ), locked as (
       select lane from lanes where lane = any($1::text[]) order by lane for update
     )
     select lane from added union all select lane from locked`,
    [asked],
  );
  return held.length === asked.length;
}

/** The same for the lanes of the deliveries at these positions: a lane never changes. */
export async function tryLanesOf(session: Session, positions: Value): Promise<boolean> {
  const [row] = await session.rows<{ held: boolean }>(
    `with asked as (
       select distinct lane from deliveries where position = any($1::bigint[]) and lane is not null
     ), added as (
       insert into lanes (lane) select lane from asked order by lane
       on conflict (lane) do nothing returning lane
     ), locked as (
       select lane from lanes where lane in (select lane from asked) order by lane for update
     )
     select (select count(*) from asked)
       = (select count(*) from added) + (select count(*) from locked) as held`,
    [positions],
  );
  return row?.held ?? false;
}

export async function lockLanes(session: Session, lanes: ReadonlySet<string>): Promise<void> {
  while (!(await tryLanes(session, lanes)));
}

/** Locks the lanes that no other transaction holds, and returns them; missing ones are made. */
export async function lockFree(session: Session, lanes: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const held = await session.rows<{ lane: string }>(
    `with added as (
       insert into lanes (lane) select lane from unnest($1::text[]) asked (lane) order by lane
       on conflict (lane) do nothing returning lane
     ), locked as (
       select lane from lanes where lane = any($1::text[]) order by lane for update skip locked
     )
     select lane from added union all select lane from locked`,
    [[...lanes]],
  );
  return new Set(held.map(({ lane }) => lane));
}

/**
 * Whether a delivery is open in the lane of a row, as an expression. Not `exists`: a plan that was made while
 * the table was small would collect all that is open, for each statement.
 */
export function isOpen(row: string): string {
  return `(select true from deliveries open
    where open.destination = ${row}.destination and open.lane = ${row}.lane and open.due_at is not null
    limit 1)`;
}

/**
 * Deletes lanes, but for those that another transaction holds. A transaction that needs one makes it again.
 */
export async function dropLanes(session: Session, lanes: ReadonlySet<string>): Promise<void> {
  if (lanes.size === 0) return;
  await session.run(
    `delete from lanes where lane = any(array(
       select lane from lanes where lane = any($1::text[]) order by lane for update skip locked))`,
    [[...lanes]],
  );
}
