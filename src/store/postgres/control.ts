import type { Rejection } from "../../domain/receipt.ts";
import { type DestinationRow, toDestination } from "../db-rows.ts";
import type { AuditEntry, DestinationState } from "../port/control.ts";
import type { Answer } from "./batch.ts";
import { KEPT } from "./notify.ts";
import { columns, type Session } from "./session.ts";

/** A refused request, and how many of its channel are kept. */
export interface Rejecting {
  rejection: Rejection;
  keep: number;
}

/** Keeps refused requests, and the newest of their channels, in two round trips. Runs inside a transaction. */
export async function rejectAll(
  session: Session,
  all: readonly Rejecting[],
): Promise<readonly Answer<void>[]> {
  const rows = all.map(({ rejection: { headers, shown, ...one } }) => [
    ...[one.id, one.source, one.channel, one.receivedAt, one.query],
    ...[JSON.stringify(headers), one.body, one.reason, JSON.stringify(shown)],
  ]);
  await session.run(
    `insert into rejections (id, source, channel, received_at, query, headers, body, reason, shown)
     select id, source, channel, received_at, query, headers, body, reason, shown
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[])
       with ordinality given (id, source, channel, received_at, query, headers, body, reason, shown, n)
     order by n`,
    columns(rows, 9),
  );
  await session.run(
    `delete from rejections where position = any(array(
       select old.position from unnest($1::text[], $2::text[], $3::int[]) given (source, channel, keep)
       cross join lateral (
         select position from rejections r where r.source = given.source and r.channel = given.channel
         order by position desc offset given.keep) old
       order by old.position))`,
    columns(channelsOf(all), 3),
  );
  return all.map(() => ({ status: "fulfilled", value: undefined }));
}

/** Each channel once, with the newest word of how many are kept. */
function channelsOf(all: readonly Rejecting[]): (string | number)[][] {
  const channels = new Map<string, (string | number)[]>();
  for (const { rejection, keep } of all) {
    const { source, channel } = rejection;
    channels.set(JSON.stringify([source, channel]), [source, channel, keep]);
  }
  return [...channels.values()];
}

export async function destinations(session: Session): Promise<DestinationState[]> {
  const rows = await session.rows<DestinationRow>(
    "select name, paused, breaker from destinations order by name",
  );
  return rows.map(toDestination);
}

/** One statement, so that two nodes that keep different things do not undo each other's. All nodes are told. */
export async function saveDestination(
  session: Session,
  channel: string,
  name: string,
  { paused, breaker }: Partial<Omit<DestinationState, "name">>,
): Promise<void> {
  await session.run(
    `with kept as (
       insert into destinations (name, paused, breaker) values ($1, $2, $4)
       on conflict (name) do update set
         paused  = case when $3::boolean then excluded.paused  else destinations.paused  end,
         breaker = case when $5::boolean then excluded.breaker else destinations.breaker end
       returning name
     )
     select pg_notify($6, '${KEPT}') from kept`,
    [name, asJson(paused), paused !== undefined, asJson(breaker), breaker !== undefined, channel],
  );
}

export async function addAudit(
  session: Session,
  { at, action, caller, reason, details }: AuditEntry,
): Promise<void> {
  await session.run("insert into audit (at, action, caller, reason, details) values ($1, $2, $3, $4, $5)", [
    at,
    action,
    caller,
    reason,
    JSON.stringify(details),
  ]);
}

function asJson(value: object | null | undefined): string | null {
  return value ? JSON.stringify(value) : null;
}
