import { storableText } from "../../domain/text.ts";
import type { Session } from "./session.ts";

/**
 * Locks lanes until the transaction ends, in an order that is the same for everybody, so that two who want some of the same
 * wait for one another and not crosswise. False: some had been missing when the statement began and are another's by now, or
 * were dropped while it waited; then it has to be called again, and whatever was read beside it too.
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

export async function lockLanes(session: Session, lanes: ReadonlySet<string>): Promise<void> {
  while (!(await tryLanes(session, lanes)));
}

/** Those of them that nobody else holds at this moment, locked until the transaction ends; missing ones are made. */
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

/** Forgets lanes that are not wanted any more, but for those that somebody else holds. Whoever waits for one makes it again. */
export async function dropLanes(session: Session, lanes: ReadonlySet<string>): Promise<void> {
  if (lanes.size === 0) return;
  await session.run(
    `delete from lanes where lane = any(array(
       select lane from lanes where lane = any($1::text[]) order by lane for update skip locked))`,
    [[...lanes]],
  );
}
