import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Problem, Receipt } from "../../domain/receipt.ts";
import type { NewEvent, Resolution } from "../../domain/resolve.ts";
import { idsOf, type Outcome } from "./inbox.ts";
import { columns, type Session } from "./session.ts";

/** What `record` writes: each statement takes any number of rows, and none is sent for none. Positions follow the rows' order. */

/**
 * The ids that are new; of two rows with one id, and of two nodes that tell the same, the first is kept. Those of events that are
 * kept no longer are taken out again, and not left out: an insertion that has waited for somebody who prunes the same event would
 * not have seen its id, the next statement does.
 */
export async function addEvents(
  session: Session,
  events: readonly { one: NewEvent; receipt: Receipt }[],
): Promise<Set<string>> {
  if (events.length === 0) return new Set();
  const insertion = session.rows<{ id: string }>(
    `insert into events (id, source, channel, type, coalesce_key, happened_at, document_id, receipt_id, recorded_at, body)
     select id, source, channel, type, coalesce_key, happened_at, document_id, receipt_id, recorded_at, body
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::text[], $9::bigint[], $10::text[])
       with ordinality given (id, source, channel, type, coalesce_key, happened_at, document_id, receipt_id, recorded_at, body, n)
     order by n
     on conflict (id) do nothing returning id`,
    columns(
      events.map(({ one: { event, coalesceKey, at }, receipt }) => [
        event.id,
        event.source,
        event.channel,
        event.type,
        coalesceKey,
        at,
        event.document?.id ?? null,
        event.provenance.receipt,
        receipt.receivedAt,
        JSON.stringify(event),
      ]),
      10,
    ),
  );
  const removal = session.rows<{ id: string }>(
    "delete from events where id = any(array(select id from tombstones where id = any($1::text[]))) returning id",
    [events.map(({ one }) => one.event.id)],
  );
  const [added, gone] = await Promise.all([insertion, removal]);
  const told = new Set(gone.map(({ id }) => id));
  return new Set(added.map(({ id }) => id).filter((id) => !told.has(id)));
}

/** Each beside the id that it goes with, and is forgotten with: an id that is left alone is held on to until the commit. */
export async function addDedupeKeys(session: Session, dedupeKeys: readonly (readonly [string, string])[]) {
  if (dedupeKeys.length === 0) return;
  await session.run(
    `with given as (
       select key, event_id from unnest($1::text[], $2::text[]) given (key, event_id)
     ), alone as (
       select given.* from given cross join lateral (select from tombstones where id = given.event_id for key share) held
     )
     insert into dedupe_keys (key, event_id)
     select * from given where exists (select from events where id = given.event_id) union select * from alone
     order by key, event_id on conflict do nothing`,
    columns(dedupeKeys, 2),
  );
}

/** What holds no longer goes first: the same key may belong to another event now. */
export async function changeChannelKeys(
  session: Session,
  { added, removed }: Resolution["channelKeys"],
): Promise<void> {
  if (removed.length > 0)
    await session.run(
      `delete from channel_keys where (event_id, key, channel) in
         (select * from unnest($1::text[], $2::text[], $3::text[]))`,
      columns(
        removed.map(({ event, key, channel }) => [event, key, channel]),
        3,
      ),
    );
  if (added.length > 0)
    await session.run(
      `insert into channel_keys (event_id, key, channel, at, origin)
       select distinct on (key, channel, event_id) event_id, key, channel, at, origin
       from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]) given (event_id, key, channel, at, origin)
       order by key, channel, event_id
       on conflict (key, channel, event_id) do update set at = excluded.at, origin = excluded.origin`,
      columns(
        added.map(({ event, key, channel, at, origin }) => [
          event,
          key,
          channel,
          at,
          origin && JSON.stringify(origin),
        ]),
        5,
      ),
    );
}

/** Takes earlier receipts from the lists of the events that they did not tell after all, and puts them into those of the ones they did. */
export async function moveDuplicates(session: Session, { from, to }: Resolution["moved"]): Promise<void> {
  if (from.length > 0)
    await session.run(
      `delete from duplicates where (event_id, receipt_id) in (select * from unnest($1::text[], $2::text[]))`,
      columns(
        from.map(({ event, receipt }) => [event, receipt]),
        2,
      ),
    );
  if (to.length > 0)
    await session.run(
      `insert into duplicates (event_id, receipt_id, channel, received_at)
       select given.* from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) given (event_id, receipt_id, channel, received_at)
       where exists (select from events where id = given.event_id) on conflict do nothing`,
      columns(
        to.map(({ event, receipt, channel, at }) => [event, receipt, channel, at]),
        4,
      ),
    );
}

/** Of several for one signer the last one holds. */
export async function addLinks(session: Session, links: readonly (readonly [string, string, string])[]) {
  if (links.length === 0) return;
  await session.run(
    `insert into links (source, signer_id, document_id)
     select distinct on (source, signer_id) source, signer_id, document_id
     from unnest($1::text[], $2::text[], $3::text[]) with ordinality given (source, signer_id, document_id, n)
     order by source, signer_id, n desc
     on conflict (source, signer_id) do update set document_id = excluded.document_id`,
    columns(links, 3),
  );
}

/**
 * Of several states of one document the last one holds; its place in the list is that of the first. When it changed never moves
 * back: a receipt that is read again is an old one.
 */
export async function setDocuments(
  session: Session,
  documents: readonly { document: Document; changedAt: number }[],
): Promise<void> {
  if (documents.length === 0) return;
  await session.run(
    `insert into documents (source, id, status, state, changed_at)
     select source, id, status, state, changed_at from (
       select distinct on (source, id) source, id, status, state, max(changed_at) over (partition by source, id) as changed_at,
         min(n) over (partition by source, id) as first
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
         with ordinality given (source, id, status, state, changed_at, n)
       order by source, id, n desc
     ) newest
     order by first
     on conflict (source, id) do update set status = excluded.status, state = excluded.state,
       changed_at = greatest(documents.changed_at, excluded.changed_at)`,
    columns(
      documents.map(({ document, changedAt }) => {
        const { source, id, status } = document;
        return [source, id, status, JSON.stringify(document), changedAt];
      }),
      5,
    ),
  );
}

export async function addReceipts(session: Session, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  await session.run(
    `insert into receipts (id, source, channel, received_at, query, headers, body, verified, mapping, problems, events, duplicates)
     select id, source, channel, received_at, query, headers, body, verified, mapping, problems, events, duplicates
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
       with ordinality given (id, source, channel, received_at, query, headers, body, verified, mapping, problems, events, duplicates, n)
     order by n`,
    columns(
      outcomes.map(({ receipt, events, duplicates }) => [
        receipt.id,
        receipt.source,
        receipt.channel,
        receipt.receivedAt,
        receipt.query,
        JSON.stringify(receipt.headers),
        receipt.body,
        receipt.verified,
        receipt.mapping,
        problemsOf(receipt.problems),
        JSON.stringify(idsOf({ events })),
        JSON.stringify(duplicates),
      ]),
      12,
    ),
  );
}

export async function mendReceipt(
  session: Session,
  { id, mapping, problems }: Receipt,
  events: readonly string[],
  duplicates: readonly string[],
): Promise<void> {
  await session.run(
    "update receipts set mapping = $2, problems = $3, events = $4, duplicates = $5 where id = $1",
    [id, mapping, problemsOf(problems), JSON.stringify(events), JSON.stringify(duplicates)],
  );
}

/** Of events that are kept, and are held on to until the commit: one that is kept no longer has no list of them. */
export async function addDuplicates(session: Session, outcomes: readonly Outcome[]): Promise<void> {
  const rows = outcomes.flatMap(({ receipt, duplicates }) =>
    duplicates.map((event) => [event, receipt.id, receipt.channel, receipt.receivedAt]),
  );
  if (rows.length === 0) return;
  await session.run(
    `insert into duplicates (event_id, receipt_id, channel, received_at)
     select given.* from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) given (event_id, receipt_id, channel, received_at)
     cross join lateral (select from events where id = given.event_id for key share) held on conflict do nothing`,
    columns(rows, 4),
  );
}

/**
 * The lanes are locked, so what is open in them stays so until the commit: the first of a lane where nothing is open may go,
 * the others are held. An event is kept once, so its deliveries are there already only where they outlived it.
 */
export async function addDeliveries(
  session: Session,
  deliveries: readonly { delivery: Delivery; recordedAt: number }[],
): Promise<void> {
  if (deliveries.length === 0) return;
  await session.run(
    `insert into deliveries (id, event_id, destination, lane, status, due_at, recorded_at)
     select id, event_id, destination, lane,
       case when lane is null then 'pending'
            when row_number() over (partition by destination, lane order by n) > 1 then 'held'
            when exists (select from deliveries open
                         where open.destination = given.destination and open.lane = given.lane and open.due_at is not null) then 'held'
            else 'pending' end,
       due_at, recorded_at
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
       with ordinality given (id, event_id, destination, lane, due_at, recorded_at, n)
     where not exists (select from deliveries same where same.id = given.id)
     order by n`,
    columns(
      deliveries.map(({ delivery: { id, event, destination, lane, dueAt }, recordedAt }) => [
        id,
        event,
        destination,
        lane,
        dueAt,
        recordedAt,
      ]),
      6,
    ),
  );
}

function problemsOf(problems: readonly Problem[]): string | null {
  return problems.length === 0 ? null : JSON.stringify(problems);
}
