import type { Delivery } from "../../domain/delivery.ts";
import type { ReplayFilter } from "../port/control.ts";
import type { PageRequest } from "../port/paging.ts";
import type { Lease, Settlement } from "../port/queue.ts";
import type { Backlog } from "../port/reads.ts";
import type { Store } from "../store.ts";
import type { Rows } from "./contents.ts";
import { fits, list } from "./find.ts";
import { isLaneOpen } from "./record.ts";
import { pair, type Tables } from "./tables.ts";

/** What happens to deliveries. Everything here is undone when it throws. */

export function claim(
  tables: Tables,
  { destination, limit, now, until }: { destination: string; limit: number; now: number; until: number },
  token: string,
): Lease[] {
  const first = tables.due.of(destination).slice(0, limit);
  const rows = first.filter(({ delivery }) => delivery.dueAt !== null && delivery.dueAt <= now);
  return rows.flatMap((row) => {
    const { delivery } = move(tables, row, { dueAt: until }, token);
    const event = tables.events.get(delivery.event)?.event;
    return event ? [{ delivery, event, token }] : [];
  });
}

export function settle(tables: Tables, { delivery: id, token, attempt, outcome }: Settlement): boolean {
  const row = leaseOf(tables, id, token);
  if (!row) return false;

  const reason = outcome.status === "parked" ? outcome.reason : null;
  const dueAt = outcome.status === "pending" ? outcome.dueAt : null;
  const tried = attempt ? { ...row, history: [...row.history, attempt] } : row;
  const { delivery } = move(tables, tried, {
    status: outcome.status,
    reason,
    dueAt,
    attempts: attempt?.number ?? row.delivery.attempts,
  });
  if (dueAt === null) letNextGo(tables, delivery);
  return true;
}

export function skip(tables: Tables, id: string, now: number): Awaited<ReturnType<Store["skip"]>> {
  const row = tables.deliveries.get(id);
  if (!row) return null;
  const { status, dueAt } = row.delivery;
  if (dueAt === null) return "final";
  if (row.token !== null && dueAt > now) return "leased";
  const { delivery } = move(tables, row, { status: "parked", reason: "skipped", dueAt: null });
  if (status === "pending") letNextGo(tables, delivery);
  return "skipped";
}

/** The one of its lane that is pending, where it is held for that. */
export function findBlocking(tables: Tables, id: string): Delivery | null {
  const delivery = tables.deliveries.get(id)?.delivery;
  if (delivery?.status !== "held" || delivery.lane === null) return null;
  const lane = tables.lanes.of(pair(delivery.destination, delivery.lane));
  return lane.find((row) => row.delivery.status === "pending")?.delivery ?? null;
}

export function release(tables: Tables, leases: readonly Lease[], now: number): void {
  for (const { delivery, token } of leases) {
    const row = leaseOf(tables, delivery.id, token);
    if (row) move(tables, row, { dueAt: now });
  }
}

export function bringForward(
  tables: Tables,
  { destination, now, lease }: Parameters<Store["bringForward"]>[0],
): number {
  const early = [...tables.deliveries].filter(({ delivery, token, recordedAt, history }) => {
    if (delivery.destination !== destination || delivery.dueAt === null || delivery.dueAt <= now)
      return false;
    const leasedLater = token !== null && delivery.dueAt > now + lease;
    return recordedAt > now || leasedLater || history.some(({ startedAt }) => startedAt > now);
  });
  for (const row of early) move(tables, row, { dueAt: now });
  return early.length;
}

export function parkRemoved(tables: Tables, names: readonly string[]): number {
  const removed = [...tables.deliveries].filter(
    ({ delivery }) => delivery.dueAt !== null && !names.includes(delivery.destination),
  );
  for (const row of removed)
    move(tables, row, { status: "parked", reason: "destination_removed", dueAt: null });
  return removed.length;
}

/** The nth of the page is due n × `spacing` milliseconds from `now`; one whose lane is busy waits there. */
export function replay(
  tables: Tables,
  filter: ReplayFilter,
  page: PageRequest,
  { now, spacing }: { now: number; spacing: number },
): { replayed: number; next: string | null } {
  const { items, next } = list(tables.deliveries, page, replayable(tables, filter), (row) => row);
  for (const [n, row] of items.entries()) {
    const status = isLaneOpen(tables, row.delivery) ? "held" : "pending";
    const replayedAfter = row.delivery.attempts;
    move(tables, row, { status, reason: null, dueAt: now + n * spacing, replayedAfter });
  }
  return { replayed: items.length, next };
}

export function countReplay(tables: Tables, filter: ReplayFilter): number {
  return [...tables.deliveries].filter(replayable(tables, filter)).length;
}

export function backlog(tables: Tables): Backlog[] {
  const open = [...tables.deliveries].filter(({ delivery }) => delivery.dueAt !== null);
  const byDestination = Map.groupBy(open, ({ delivery }) => delivery.destination);
  return [...byDestination].map(([destination, rows]) => ({
    destination,
    open: rows.length,
    oldest: rows.reduce((oldest, { recordedAt }) => Math.min(oldest, recordedAt), Infinity),
  }));
}

/** Whatever becomes of a delivery, a lease of it is over, unless it is leased just now. */
function move(
  tables: Tables,
  row: Rows["deliveries"],
  change: Partial<Delivery>,
  token: string | null = null,
): Rows["deliveries"] {
  const moved = { ...row, delivery: { ...row.delivery, ...change }, token };
  tables.deliveries.put(moved);
  return moved;
}

/** Undefined: somebody else has it now, or it is done. */
function leaseOf(tables: Tables, id: string, token: string): Rows["deliveries"] | undefined {
  const row = tables.deliveries.get(id);
  return row?.token === token && row.delivery.status === "pending" ? row : undefined;
}

function letNextGo(tables: Tables, { destination, lane }: Delivery): void {
  const next = lane === null ? undefined : tables.lanes.of(pair(destination, lane))[0];
  if (next) tables.deliveries.put({ ...next, delivery: { ...next.delivery, status: "pending" } });
}

/** From which deliveries a replay chooses. */
function replayable(tables: Tables, { destination, status, since, type, document }: ReplayFilter) {
  const statuses: readonly string[] = status === "all" ? ["parked", "delivered"] : [status];
  return ({ delivery, recordedAt }: Rows["deliveries"]): boolean => {
    if (delivery.destination !== destination || !statuses.includes(delivery.status)) return false;
    const event = tables.events.get(delivery.event)?.event;
    return recordedAt >= (since ?? 0) && fits(type, event?.type) && fits(document, event?.document?.id);
  };
}
