import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import { after, cursorAt, sizeOfRow, takePage, toPage } from "../cursor.ts";
import {
  type AuditRow,
  type DocumentRow,
  type EventRow,
  type ListedDeliveryRow,
  type ListedReceiptRow,
  type ListedRejectionRow,
  type RejectionRow,
  toAttempt,
  toAudit,
  toDelivery,
  toDocument,
  toDuplicate,
  toEvent,
  toReceipt,
  toRejection,
  toRejectionSummary,
} from "../db-rows.ts";
import type { AuditEntry } from "../port/control.ts";
import type { RejectionFilter, RejectionSummary } from "../port/inbox.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import type {
  DeliveryFilter,
  DocumentFilter,
  EventFilter,
  EventHistory,
  ReceiptFilter,
  ReceiptSummary,
} from "../port/reads.ts";
import { DELIVERY, query, RECEIPT, REJECTION, type Statements } from "./statements.ts";

export function findEvents(
  db: DatabaseSync,
  { type, source, document }: EventFilter,
  page: PageRequest,
): Page<Event> {
  const listing = {
    columns: "body",
    table: "events",
    indexed: document === undefined ? { type } : { document_id: document },
    others: { type, source },
  };
  return list<EventRow, Event>(db, listing, page, toEvent);
}

export function findReceipts(
  db: DatabaseSync,
  { source, channel, problems }: ReceiptFilter,
  page: PageRequest,
): Page<ReceiptSummary> {
  const where = problems ? ["problems is not null"] : [];
  const listing = { columns: RECEIPT, table: "receipts", indexed: {}, where, others: { source, channel } };
  return list<ListedReceiptRow, ReceiptSummary>(db, listing, page, toReceipt);
}

export function findDocuments(
  db: DatabaseSync,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Page<Document> {
  const listing = { columns: "state", table: "documents", indexed: { id }, others: { source, status } };
  return list<DocumentRow, Document>(db, listing, page, toDocument);
}

export function findDeliveries(
  db: DatabaseSync,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Page<Delivery> {
  const isIndexed = status === "parked" && destination !== undefined;
  const listing = {
    columns: DELIVERY,
    table: "deliveries",
    // The index holds what is parked, so that has to stand in the statement itself.
    where: isIndexed ? ["status = 'parked'"] : [],
    indexed: isIndexed ? { destination } : {},
    others: { destination, status, reason },
  };
  return list<ListedDeliveryRow, Delivery>(db, listing, page, toDelivery);
}

export function findRejections(
  db: DatabaseSync,
  filter: RejectionFilter,
  page: PageRequest,
): Page<Rejection> {
  return list<RejectionRow, Rejection>(db, listingOf(filter, `${REJECTION}, body`), page, toRejection);
}

export function listRejections(
  db: DatabaseSync,
  filter: RejectionFilter,
  page: PageRequest,
): Page<RejectionSummary> {
  const columns = `${REJECTION}, length(body) as size`;
  return list<ListedRejectionRow, RejectionSummary>(db, listingOf(filter, columns), page, toRejectionSummary);
}

function listingOf({ source, channel }: RejectionFilter, columns: string): Listing {
  return {
    columns,
    table: "rejections",
    indexed: source === undefined ? {} : { source, channel },
    others: { channel },
  };
}

export function findAudit(db: DatabaseSync, page: PageRequest): Page<AuditEntry> {
  const columns = "at, action, caller, reason, details";
  return list<AuditRow, AuditEntry>(db, { columns, table: "audit", indexed: {}, others: {} }, page, toAudit);
}

/** An event with all that happened to it. */
export function findEvent(sql: Statements, id: string): EventHistory | null {
  const row = sql.event.one(id);
  if (!row) return null;
  const receipt = sql.listedReceipt.one(row.receipt_id);
  return {
    event: toEvent(row),
    receipt: receipt ? toReceipt(receipt) : null,
    duplicates: sql.duplicates.all(id).map(toDuplicate),
    deliveries: sql.deliveriesOf.all(id).map((delivery) => ({
      ...toDelivery(delivery),
      history: sql.attemptsOf.all(delivery.id).map(toAttempt),
      leased: delivery.leased === 1,
    })),
  };
}

interface Listing {
  columns: string;
  table: string;
  /** Columns that must have a value and are looked up by one index, in its order; undefined: not asked for. */
  indexed: Equal;
  /** The same of columns that no index helps with. */
  others: Equal;
  /** What else must hold, and is looked up by an index. */
  where?: readonly string[];
}

type Equal = Readonly<Record<string, string | undefined>>;

/** So many rows are looked at for a page: what is rare is searched for over several pages, and nobody is held up meanwhile. */
export const MAX_ROWS_LOOKED_AT = 5_000;

/** Names only the columns that are asked for, so that the index made for each of them is used. */
function list<Row extends { position: number }, T>(
  db: DatabaseSync,
  { columns, table, indexed, others, where = [] }: Listing,
  page: PageRequest,
  convert: (row: Row) => T,
): Page<T> {
  const inIndex = asked(indexed);
  const beside = asked(others);
  const conditions = ["position > ?", ...where, ...inIndex.map(([column]) => `${column} = ?`)];
  const from = [after(page), ...inIndex.map(([, value]) => value)];
  const window = `select position from ${table} where ${conditions.join(" and ")} order by position limit ${MAX_ROWS_LOOKED_AT}`;
  const wanted = beside.map(([column]) => `${column} = ?`).join(" and ") || "true";
  const found = query<Row>(
    db,
    `select position, ${columns} from (${window}) join ${table} using (position) where ${wanted} order by position limit ?`,
  ).each(...from, ...beside.map(([, value]) => value), page.limit + 1);
  const shown = takePage(found, page.limit, sizeOfRow);
  const { items, next } = toPage(shown, convert);
  return { items, next: next ?? endOf(db, window, from) };
}

function asked(equal: Equal): [column: string, value: string][] {
  return Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/** Where the search stopped; null: it came to the end. */
export function endOf(db: DatabaseSync, window: string, values: readonly SQLInputValue[]): string | null {
  const row = query<{ looked: number; last: number }>(
    db,
    `select count(*) as looked, max(position) as last from (${window})`,
  ).one(...values);
  return row?.looked === MAX_ROWS_LOOKED_AT ? cursorAt(row.last) : null;
}
