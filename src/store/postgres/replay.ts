import { after, nextOf } from "../cursor.ts";
import type { AcknowledgeFilter, Control, ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import { IS_DELIVERY, placeOfDelivery } from "../sql/find.ts";
import { acknowledgeable, type Chosen, replayable } from "../sql/replayable.ts";
import { runCounted } from "./backlog.ts";
import { isOpen, lockLanes } from "./lanes.ts";
import type { Session } from "./session.ts";

/** An event's deliveries have its time, by which an index finds them. */
const DELIVERIES = "deliveries d join events e on e.id = d.event_id and e.recorded_at = d.recorded_at";

/**
 * Runs inside a transaction. A delivery whose lane has an open one waits there. A delivery that another node
 * replayed or pruned meanwhile is left as it is.
 */
export async function replay(
  session: Session,
  filter: ReplayFilter,
  page: PageRequest,
  { now, spacing }: { now: number; spacing: number },
): Promise<{ replayed: number; next: string | null }> {
  const { shown, next } = await chosenPage(session, replayable(filter), page);
  await lockLanes(session, new Set(shown.flatMap(({ lane }) => lane ?? [])));
  const changed = await runCounted(
    session,
    `with final as (
       select f.position, f.destination, f.lane, asked.n
       from unnest($1::bigint[]) with ordinality asked (position, n) join deliveries f using (position)
       where f.due_at is null order by asked.n for update of f
     )
     update deliveries d set status = chosen.status, reason = null, due_at = chosen.due_at,
       replayed_after = attempts, acknowledged_at = null
     from (
       select f.position, $2::bigint + (f.n - 1) * $3::bigint as due_at,
         case when f.lane is null then 'pending'
              when row_number() over (partition by f.destination, f.lane order by f.n) > 1 then 'held'
              when ${isOpen("f")} then 'held'
              else 'pending' end as status
       from final f
     ) chosen
     where d.position = chosen.position
     returning d.destination, 1 as opened`,
    [shown.map(({ position }) => position), now, spacing],
  );
  const replayed = changed.reduce((sum, one) => sum + one.changed, 0);
  return { replayed, next };
}

async function chosenPage(session: Session, chosen: Chosen, page: PageRequest) {
  const rows = await session.rows<{ position: number; lane: string | null }>(
    `select d.position, d.lane from ${DELIVERIES} where ${chosen.sql} and d.position > ?
     order by d.position limit ?`,
    [...chosen.values, after(page), page.limit + 1],
  );
  return { shown: rows.slice(0, page.limit), next: nextOf(rows, page) };
}

/** Runs inside a transaction. A delivery that was replayed or pruned meanwhile is left as it is. */
export async function acknowledge(
  session: Session,
  filter: AcknowledgeFilter,
  page: PageRequest,
  now: number,
): Promise<{ acknowledged: number; next: string | null }> {
  const { shown, next } = await chosenPage(session, acknowledgeable(filter), page);
  const acknowledged = await session.run(
    `update deliveries d set acknowledged_at = ? where d.position = any(?::bigint[]) and ${IS_ACKNOWLEDGEABLE}`,
    [now, shown.map(({ position }) => position)],
  );
  return { acknowledged, next };
}

/** Of a delivery that is found by its position: see plans.ts. */
const IS_ACKNOWLEDGEABLE = "d.status || '' = 'parked' and coalesce(d.acknowledged_at, -1) < 0";

/** Runs inside a transaction. */
export async function acknowledgeOne(
  session: Session,
  id: string,
  now: number,
): Promise<Awaited<ReturnType<Control["acknowledgeOne"]>>> {
  const place = placeOfDelivery(id);
  const [row] = place
    ? await session.rows<{ position: number; status: string }>(
        `select position, status from deliveries where ${IS_DELIVERY} for update`,
        place,
      )
    : [];
  if (!row) return null;
  if (row.status !== "parked") return "open";
  const changed = await session.run(
    `update deliveries d set acknowledged_at = ? where d.position = ? and ${IS_ACKNOWLEDGEABLE}`,
    [now, row.position],
  );
  return changed === 1 ? "acknowledged" : "done";
}

export async function countChosen(session: Session, chosen: Chosen): Promise<number> {
  const [row] = await session.rows<{ count: number }>(
    `select count(*) as count from ${DELIVERIES} where ${chosen.sql}`,
    chosen.values,
  );
  return row?.count ?? 0;
}
