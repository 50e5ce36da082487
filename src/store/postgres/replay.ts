import { after, nextOf } from "../cursor.ts";
import type { ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import { lockLanes } from "./lanes.ts";
import type { Scalar, Session } from "./session.ts";

/**
 * The nth of the page is due n × `spacing` milliseconds from `now`; one whose lane is busy waits there. What another node
 * has replayed or pruned meanwhile is left as it is, and nothing waits for it. Runs inside a transaction.
 */
export async function replay(
  session: Session,
  filter: ReplayFilter,
  page: PageRequest,
  { now, spacing }: { now: number; spacing: number },
): Promise<{ replayed: number; next: string | null }> {
  const { where, values } = replayable(filter);
  const rows = await session.rows<{ position: number; lane: string | null }>(
    `select d.position, d.lane from ${where} and d.position > $${values.length + 1}
     order by d.position limit $${values.length + 2}`,
    [...values, after(page), page.limit + 1],
  );
  const shown = rows.slice(0, page.limit);
  await lockLanes(session, new Set(shown.flatMap(({ lane }) => lane ?? [])));
  const replayed = await session.run(
    `with final as (
       select f.position, f.destination, f.lane, asked.n
       from unnest($1::bigint[]) with ordinality asked (position, n) join deliveries f using (position)
       where f.due_at is null order by asked.n for update of f
     )
     update deliveries d set status = chosen.status, reason = null, due_at = chosen.due_at, replayed_after = attempts
     from (
       select f.position, $2::bigint + (f.n - 1) * $3::bigint as due_at,
         case when f.lane is null then 'pending'
              when row_number() over (partition by f.destination, f.lane order by f.n) > 1 then 'held'
              when exists (select from deliveries open
                           where open.destination = f.destination and open.lane = f.lane and open.due_at is not null) then 'held'
              else 'pending' end as status
       from final f
     ) chosen
     where d.position = chosen.position`,
    [shown.map(({ position }) => position), now, spacing],
  );
  return { replayed, next: nextOf(rows, page) };
}

export async function countReplay(session: Session, filter: ReplayFilter): Promise<number> {
  const { where, values } = replayable(filter);
  const [row] = await session.rows<{ count: number }>(`select count(*) as count from ${where}`, values);
  return row?.count ?? 0;
}

/** From which deliveries a replay chooses, as SQL from the table's name on. */
function replayable({ destination, status, since, type, document }: ReplayFilter) {
  const statuses = status === "all" ? ["parked", "delivered"] : [status];
  const asked: readonly [column: string, value: Scalar | undefined][] = [
    ["d.recorded_at >=", since],
    ["e.type =", type],
    ["e.document_id =", document],
  ];
  const given = asked.flatMap(([sql, value]) => (value === undefined ? [] : [{ sql, value }]));
  const conditions = given.map(({ sql }, i) => ` and ${sql} $${i + 3}`).join("");
  return {
    where: `deliveries d join events e on e.id = d.event_id
     where d.destination = $1 and d.status = any($2::text[])${conditions}`,
    values: [destination, statuses, ...given.map(({ value }) => value)],
  };
}
