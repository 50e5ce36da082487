import { type Session, storableText } from "./session.ts";

/**
 * Locks lanes until the transaction ends, in an order that is the same for everybody, so that two who want some of the same
 * wait for one another and not crosswise. False: some had been missing when the statement began and are another's by now;
 * then it has to be called again, and whatever was read beside it too.
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
