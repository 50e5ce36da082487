import type { Attempt } from "../../domain/delivery.ts";
import {
  type AttemptRow,
  type AuditRow,
  type ChannelKeyRow,
  type DestinationRow,
  type DuplicateRow,
  type RejectionRow,
  toAttempt,
  toChannelKey,
  toDuplicate,
} from "../db-rows.ts";
import {
  type KeptDeliveryRow,
  type KeptDocumentRow,
  type KeptEventRow,
  type KeptLinkRow,
  type KeptReceiptRow,
  type KeptTombstoneRow,
  keptAudit,
  keptDelivery,
  keptDestination,
  keptDocument,
  keptEvent,
  keptLink,
  keptReceipt,
  keptRejection,
  keptTombstone,
} from "../kept-rows.ts";
import type { Duplicate } from "../port/reads.ts";
import type { Rows, Table } from "../rows.ts";
import { createReader, type Key, type Reader } from "./reader.ts";
import type { Session } from "./session.ts";

const position: Key<{ position: number }> = {
  columns: ["position"],
  type: "bigint",
  of: (kept) => [kept.position],
};

function id<T>(of: (kept: T) => string): Key<T> {
  return { columns: ["id"], type: "text", of: (kept) => [of(kept)] };
}

/** Of a lane one is out at a time. */
const lane: Key<Rows["deliveries"]> = {
  columns: ["destination", "lane"],
  type: "text",
  where: "status = 'pending' and lane is not null",
  of: ({ delivery: { destination, lane, status } }) =>
    status === "pending" && lane !== null ? [destination, lane] : null,
};

/** How each table is read as it is written down outside of the database. */
export const READERS: { readonly [T in Table]: Reader<Rows[T]> } = {
  receipts: createReader<KeptReceiptRow, Rows["receipts"]>({
    table: "receipts",
    columns:
      "position, id, source, channel, received_at, query, headers, body, length(body) as size, verified, mapping, problems, events, duplicates",
    keys: [position, id(({ receipt }) => receipt.id)],
    show: (rows) => rows.map(keptReceipt),
  }),

  rejections: createReader<RejectionRow, Rows["rejections"]>({
    table: "rejections",
    columns: "position, id, source, channel, received_at, query, headers, body, reason, shown",
    keys: [position, id(({ rejection }) => rejection.id)],
    show: (rows) => rows.map(keptRejection),
  }),

  events: createReader<KeptEventRow, Rows["events"]>({
    table: "events",
    columns: "position, id, coalesce_key, happened_at, body",
    keys: [position, id(({ event }) => event.id)],
    async show(rows, session) {
      const ids = rows.map((row) => row.id);
      const [keys, duplicates] = await Promise.all([keysOf(session, ids), duplicatesOf(session, ids)]);
      return rows.map((row) => keptEvent(row, keys(row.id), duplicates(row.id)));
    },
  }),

  tombstones: createReader<KeptTombstoneRow, Rows["tombstones"]>({
    table: "tombstones",
    columns: "position, id, recorded_at",
    keys: [position, id((kept) => kept.id)],
    async show(rows, session) {
      const keys = await keysOf(
        session,
        rows.map((row) => row.id),
      );
      return rows.map((row) => keptTombstone(row, keys(row.id)));
    },
  }),

  documents: createReader<KeptDocumentRow, Rows["documents"]>({
    table: "documents",
    columns: "position, state, changed_at",
    keys: [
      position,
      { columns: ["source", "id"], type: "text", of: ({ document }) => [document.source, document.id] },
    ],
    show: (rows) => rows.map(keptDocument),
  }),

  links: createReader<KeptLinkRow, Rows["links"]>({
    table: "links",
    columns: "source, signer_id, document_id",
    keys: [{ columns: ["source", "signer_id"], type: "text", of: ({ source, signer }) => [source, signer] }],
    show: (rows) => rows.map(keptLink),
  }),

  deliveries: createReader<KeptDeliveryRow, Rows["deliveries"]>({
    table: "deliveries",
    columns:
      "position, id, event_id, destination, lane, status, reason, attempts, due_at, replayed_after, token, recorded_at",
    keys: [position, id(({ delivery }) => delivery.id), lane],
    async show(rows, session) {
      const history = await historyOf(
        session,
        rows.map((row) => row.id),
      );
      return rows.map((row) => keptDelivery(row, history(row.id)));
    },
  }),

  destinations: createReader<DestinationRow, Rows["destinations"]>({
    table: "destinations",
    columns: "name, paused, breaker",
    keys: [{ columns: ["name"], type: "text", of: ({ state }) => [state.name] }],
    show: (rows) => rows.map(keptDestination),
  }),

  audit: createReader<AuditRow, Rows["audit"]>({
    table: "audit",
    columns: "position, at, action, caller, reason, details",
    keys: [position],
    show: (rows) => rows.map(keptAudit),
  }),
};

type Keys = Pick<Rows["events"], "dedupeKeys" | "channelKeys">;

async function keysOf(session: Session, events: readonly string[]): Promise<(event: string) => Keys> {
  const [dedupeKeys, channelKeys] = await Promise.all([
    session.rows<{ event_id: string; key: string }>(
      `select event_id, key from dedupe_keys where event_id = any($1::text[]) order by key collate "C"`,
      [events],
    ),
    session.rows<ChannelKeyRow>(
      `select event_id, key, channel, at, origin from channel_keys where event_id = any($1::text[])
       order by key collate "C", channel collate "C"`,
      [events],
    ),
  ]);
  const dedupeKeysOf = Map.groupBy(dedupeKeys, ({ event_id }) => event_id);
  const channelKeysOf = Map.groupBy(channelKeys, ({ event_id }) => event_id);
  return (event) => ({
    dedupeKeys: dedupeKeysOf.get(event)?.map(({ key }) => key) ?? [],
    channelKeys: channelKeysOf.get(event)?.map(toChannelKey) ?? [],
  });
}

async function duplicatesOf(
  session: Session,
  events: readonly string[],
): Promise<(event: string) => Duplicate[]> {
  const rows = await session.rows<DuplicateRow & { event_id: string }>(
    `select event_id, receipt_id, channel, received_at from duplicates where event_id = any($1::text[])
     order by received_at, receipt_id collate "C"`,
    [events],
  );
  const byEvent = Map.groupBy(rows, ({ event_id }) => event_id);
  return (event) => byEvent.get(event)?.map(toDuplicate) ?? [];
}

async function historyOf(
  session: Session,
  deliveries: readonly string[],
): Promise<(delivery: string) => Attempt[]> {
  const rows = await session.rows<AttemptRow & { delivery_id: string }>(
    `select delivery_id, number, started_at, duration, cause, status, answer, retry_after from attempts
     where delivery_id = any($1::text[]) order by number`,
    [deliveries],
  );
  const byDelivery = Map.groupBy(rows, ({ delivery_id }) => delivery_id);
  return (delivery) => byDelivery.get(delivery)?.map(toAttempt) ?? [];
}
