import type { DatabaseSync } from "node:sqlite";
import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import { after, toPage } from "../page.ts";
import {
  type AuditRow,
  type DocumentRow,
  type EventRow,
  type ListedDeliveryRow,
  type ListedReceiptRow,
  type RejectionRow,
  toAttempt,
  toAudit,
  toDelivery,
  toDocument,
  toEvent,
  toReceipt,
  toRejection,
  toRetelling,
} from "../rows.ts";
import type {
  AuditEntry,
  DeliveryFilter,
  DocumentFilter,
  EventFilter,
  EventHistory,
  Page,
  PageRequest,
  ReceiptFilter,
  ReceiptSummary,
  RejectionFilter,
} from "../store.ts";
import { DELIVERY, query, RECEIPT, type Statements } from "./statements.ts";

export function findEvents(db: DatabaseSync, filter: EventFilter, page: PageRequest): Page<Event> {
  const equal = { type: filter.type, source: filter.source, document_id: filter.document };
  return toPage(list<EventRow>(db, { columns: "body", table: "events", equal }, page), page, toEvent);
}

export function findReceipts(
  db: DatabaseSync,
  filter: ReceiptFilter,
  page: PageRequest,
): Page<ReceiptSummary> {
  const equal = { source: filter.source, channel: filter.channel };
  const where = filter.problems ? ["problems is not null"] : [];
  const rows = list<ListedReceiptRow>(db, { columns: RECEIPT, table: "receipts", equal, where }, page);
  return toPage(rows, page, toReceipt);
}

export function findDocuments(
  db: DatabaseSync,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Page<Document> {
  const equal = { source, id, status };
  return toPage(
    list<DocumentRow>(db, { columns: "state", table: "documents", equal }, page),
    page,
    toDocument,
  );
}

export function findDeliveries(
  db: DatabaseSync,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Page<Delivery> {
  const equal = { destination, status, reason };
  return toPage(
    list<ListedDeliveryRow>(db, { columns: DELIVERY, table: "deliveries", equal }, page),
    page,
    toDelivery,
  );
}

export function findRejections(
  db: DatabaseSync,
  { source, channel }: RejectionFilter,
  page: PageRequest,
): Page<Rejection> {
  const columns = "id, source, channel, received_at, query, headers, body, reason, shown";
  const rows = list<RejectionRow>(db, { columns, table: "rejections", equal: { source, channel } }, page);
  return toPage(rows, page, toRejection);
}

export function findAudit(db: DatabaseSync, page: PageRequest): Page<AuditEntry> {
  const columns = "at, action, caller, reason, details";
  return toPage(list<AuditRow>(db, { columns, table: "audit", equal: {} }, page), page, toAudit);
}

/** An event with all that happened to it. */
export function findEvent(sql: Statements, id: string): EventHistory | null {
  const row = sql.event.one(id);
  if (!row) return null;
  const receipt = sql.receipt.one(row.receipt_id);
  return {
    event: toEvent(row),
    receipt: receipt ? toReceipt(receipt) : null,
    retold: sql.retellings.all(id).map(toRetelling),
    deliveries: sql.deliveriesOf.all(id).map((delivery) => ({
      ...toDelivery(delivery),
      history: sql.attemptsOf.all(delivery.id).map(toAttempt),
    })),
  };
}

interface Listing {
  columns: string;
  table: string;
  /** Columns that must have a value; undefined: not asked for. */
  equal: Readonly<Record<string, string | undefined>>;
  where?: readonly string[];
}

/** Names only the columns that are asked for, so that the index made for each of them is used; one row more than the page has. */
function list<Row>(
  db: DatabaseSync,
  { columns, table, equal, where = [] }: Listing,
  page: PageRequest,
): Row[] {
  const asked = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = ["position > ?", ...where, ...asked.map(([column]) => `${column} = ?`)].join(" and ");
  const statement = query<Row>(
    db,
    `select position, ${columns} from ${table} where ${all} order by position limit ?`,
  );
  return statement.all(after(page), ...asked.map(([, value]) => value), page.limit + 1);
}
