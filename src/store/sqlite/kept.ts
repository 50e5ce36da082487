import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { after, sizeOfRow, takePage } from "../cursor.ts";
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
import type { Rows, Table } from "../rows.ts";
import { ATTEMPT, DELIVERY, type Query, query, RECEIPT } from "./statements.ts";

/** How a table is read as it is written down outside of the database. */
export interface Reader<Row> {
  /** Those behind the cursor, in the order that `Rows` says, and whether there are more. */
  page(cursor: string | undefined, limit: number): { rows: readonly Row[]; more: boolean };
  /** What a page that goes on behind the row begins with. */
  cursorOf(row: Row): string;
  /** What stands where the row would stand: has its key, or its position. */
  inPlaceOf(row: Row): readonly Row[];
}

export type Readers = { readonly [T in Table]: Reader<Rows[T]> };

export function createReaders(db: DatabaseSync): Readers {
  const keysOf = query<{ key: string }>(db, "select key from dedupe_keys where event_id = ? order by key");
  const duplicatesOf = query<DuplicateRow>(
    db,
    "select receipt_id, channel, received_at from duplicates where event_id = ? order by received_at, receipt_id",
  );
  const attemptsOf = query<AttemptRow>(
    db,
    `select ${ATTEMPT} from attempts where delivery_id = ? order by number`,
  );
  const channelKeysOf = query<ChannelKeyRow>(
    db,
    "select event_id, key, channel, at, origin from channel_keys where event_id = ? order by key, channel",
  );
  const keys = (id: string) => ({
    dedupeKeys: keysOf.all(id).map(({ key }) => key),
    channelKeys: channelKeysOf.all(id).map(toChannelKey),
  });
  const duplicates = (id: string) => duplicatesOf.all(id).map(toDuplicate);
  const history = (id: string) => attemptsOf.all(id).map(toAttempt);

  return {
    ...independentReaders(db),
    events: byPosition<KeptEventRow, Rows["events"]>(db, {
      from: "id, coalesce_key, happened_at, body from events",
      key: { sql: "id = ?", of: ({ event }) => [event.id] },
      show: (row) => keptEvent(row, keys(row.id), duplicates(row.id)),
    }),
    tombstones: byPosition<KeptTombstoneRow, Rows["tombstones"]>(db, {
      from: "id, recorded_at from tombstones",
      key: { sql: "id = ?", of: ({ id }) => [id] },
      show: (row) => keptTombstone(row, keys(row.id)),
    }),
    deliveries: byPosition<KeptDeliveryRow, Rows["deliveries"]>(db, {
      from: `${DELIVERY}, token, recorded_at from deliveries`,
      key: { sql: "id = ?", of: ({ delivery }) => [delivery.id] },
      show: (row) => keptDelivery(row, history(row.id)),
    }),
  };
}

/** Of tables whose rows hold all that belongs to them. */
function independentReaders(db: DatabaseSync) {
  return {
    receipts: byPosition<KeptReceiptRow, Rows["receipts"]>(db, {
      from: `${RECEIPT}, body from receipts join bodies using (position)`,
      key: { sql: "id = ?", of: ({ receipt }) => [receipt.id] },
      show: keptReceipt,
    }),
    rejections: byPosition<RejectionRow, Rows["rejections"]>(db, {
      from: "id, source, channel, received_at, query, headers, body, reason, shown from rejections",
      key: { sql: "id = ?", of: ({ rejection }) => [rejection.id] },
      show: keptRejection,
    }),
    documents: byPosition<KeptDocumentRow, Rows["documents"]>(db, {
      from: "state, changed_at from documents",
      key: { sql: "id = ? and source = ?", of: ({ document }) => [document.id, document.source] },
      show: keptDocument,
    }),
    audit: byPosition<AuditRow, Rows["audit"]>(db, {
      from: "at, action, caller, reason, details from audit",
      key: { sql: "false", of: () => [] },
      show: keptAudit,
    }),
    links: byName<KeptLinkRow, Rows["links"]>(db, {
      from: "source, signer_id, document_id from links",
      names: ["source", "signer_id"],
      namesOf: ({ source, signer }) => [source, signer],
      show: keptLink,
    }),
    destinations: byName<DestinationRow, Rows["destinations"]>(db, {
      from: "name, paused, breaker from destinations",
      names: ["name"],
      namesOf: ({ state }) => [state.name],
      show: keptDestination,
    }),
  };
}

interface Positioned<Row, T> {
  /** Columns and table. */
  from: string;
  key: { sql: string; of(kept: T): SQLInputValue[] };
  show(row: Row): T;
}

function byPosition<Row extends object, T extends { position: number }>(
  db: DatabaseSync,
  { from, key, show }: Positioned<Row, T>,
): Reader<T> {
  const page: Query<Row> = query(db, `select position, ${from} where position > ? order by position limit ?`);
  const same: Query<Row> = query(db, `select position, ${from} where position = ? or (${key.sql})`);
  return {
    page: (cursor, limit) => showPage(page.each(after({ cursor }), limit + 1), limit, show),
    cursorOf: ({ position }) => position.toString(36),
    inPlaceOf: (kept) => same.all(kept.position, ...key.of(kept)).map(show),
  };
}

function showPage<Row extends object, T>(found: Iterable<Row>, limit: number, show: (row: Row) => T) {
  const { rows, more } = takePage(found, limit, sizeOfRow);
  return { rows: rows.map(show), more };
}

interface Named<Row, T> {
  /** Columns and table. */
  from: string;
  /** The columns of the key. */
  names: readonly string[];
  namesOf(kept: T): string[];
  show(row: Row): T;
}

function byName<Row extends object, T>(
  db: DatabaseSync,
  { from, names, namesOf, show }: Named<Row, T>,
): Reader<T> {
  const [key, values] = [names.join(", "), names.map(() => "?").join(", ")];
  const page: Query<Row> = query(db, `select ${from} where (${key}) > (${values}) order by ${key} limit ?`);
  const same: Query<Row> = query(db, `select ${from} where (${key}) = (${values})`);
  const nothing = names.map(() => "");
  return {
    page: (cursor, limit) =>
      showPage(page.each(...(cursor === undefined ? nothing : JSON.parse(cursor)), limit + 1), limit, show),
    cursorOf: (kept) => JSON.stringify(namesOf(kept)),
    inPlaceOf: (kept) => same.all(...namesOf(kept)).map(show),
  };
}
