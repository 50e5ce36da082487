import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import { after, MAX_PAGE_BYTES, toPage } from "../cursor.ts";
import {
  type AttemptRow,
  type AuditRow,
  type BacklogRow,
  type DeliveryRow,
  type DocumentRow,
  type DuplicateRow,
  type EventRow,
  type ListedDeliveryRow,
  type ListedReceiptRow,
  type ListedRejectionRow,
  type ReceiptRow,
  type RejectionRow,
  toAttempt,
  toAudit,
  toBacklog,
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
import { MAX_COUNT, type Page, type PageRequest } from "../port/paging.ts";
import type {
  Backlog,
  DeliveryFilter,
  DocumentFilter,
  EventFilter,
  EventHistory,
  ReceiptFilter,
  ReceiptSummary,
} from "../port/reads.ts";
import type { Session } from "./session.ts";

/** A receipt without its bytes. */
const RECEIPT =
  "id, source, channel, received_at, query, headers, length(body) as size, verified, mapping, problems, events, duplicates";
const REJECTION = "id, source, channel, received_at, query, headers, reason, shown";
const DELIVERY = "id, event_id, destination, lane, status, reason, attempts, due_at, replayed_after";

export function findEvents(session: Session, filter: EventFilter, page: PageRequest): Promise<Page<Event>> {
  const equal = { type: filter.type, source: filter.source, document_id: filter.document };
  const listing = { columns: "body", long: ["body"], table: "events", equal };
  return list<EventRow, Event>(session, listing, page, toEvent);
}

export function findReceipts(
  session: Session,
  { source, channel, problems }: ReceiptFilter,
  page: PageRequest,
): Promise<Page<ReceiptSummary>> {
  const listing = {
    columns: RECEIPT,
    long: ["query", "headers", "problems", "events", "duplicates"],
    table: "receipts",
    equal: { source, channel },
    where: problems ? ["problems is not null"] : [],
  };
  return list<ListedReceiptRow, ReceiptSummary>(session, listing, page, toReceipt);
}

export function findDocuments(
  session: Session,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Promise<Page<Document>> {
  const listing = { columns: "state", long: ["state"], table: "documents", equal: { source, id, status } };
  return list<DocumentRow, Document>(session, listing, page, toDocument);
}

export function findDeliveries(
  session: Session,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const equal = { destination, status, reason };
  const listing = { columns: DELIVERY, long: [], table: "deliveries", equal };
  return list<ListedDeliveryRow, Delivery>(session, listing, page, toDelivery);
}

export function findRejections(
  session: Session,
  equal: RejectionFilter,
  page: PageRequest,
): Promise<Page<Rejection>> {
  const long = ["query", "headers", "body"];
  const listing = { columns: `${REJECTION}, body`, long, table: "rejections", equal: { ...equal } };
  return list<RejectionRow, Rejection>(session, listing, page, toRejection);
}

export function listRejections(
  session: Session,
  equal: RejectionFilter,
  page: PageRequest,
): Promise<Page<RejectionSummary>> {
  const columns = `${REJECTION}, length(body) as size`;
  const listing = { columns, long: ["query", "headers"], table: "rejections", equal: { ...equal } };
  return list<ListedRejectionRow, RejectionSummary>(session, listing, page, toRejectionSummary);
}

export async function findRejection(session: Session, id: string): Promise<Rejection | null> {
  const [row] = await session.rows<RejectionRow>(
    `select position, ${REJECTION}, body from rejections where id = $1`,
    [id],
  );
  return row ? toRejection(row) : null;
}

export function findAudit(session: Session, page: PageRequest): Promise<Page<AuditEntry>> {
  const columns = "at, action, caller, reason, details";
  return list<AuditRow, AuditEntry>(session, { columns, long: [], table: "audit", equal: {} }, page, toAudit);
}

/** An event with all that happened to it. */
export async function findEvent(session: Session, id: string): Promise<EventHistory | null> {
  const [row] = await session.rows<EventRow & { receipt_id: string }>(
    "select position, receipt_id, body from events where id = $1",
    [id],
  );
  if (!row) return null;
  const [[receipt], duplicates, deliveries, attempts] = await Promise.all([
    session.rows<Omit<ReceiptRow, "body">>(`select ${RECEIPT} from receipts where id = $1`, [row.receipt_id]),
    session.rows<DuplicateRow>(
      'select receipt_id, channel, received_at from duplicates where event_id = $1 order by received_at, receipt_id collate "C"',
      [id],
    ),
    session.rows<DeliveryRow & { leased: boolean }>(
      `select ${DELIVERY}, token is not null as leased from deliveries where event_id = $1 order by position`,
      [id],
    ),
    session.rows<AttemptRow & { delivery_id: string }>(
      `select delivery_id, number, started_at, duration, cause, status, answer, retry_after from attempts
       where delivery_id in (select id from deliveries where event_id = $1) order by number`,
      [id],
    ),
  ]);
  return {
    event: toEvent(row),
    receipt: receipt ? toReceipt(receipt) : null,
    duplicates: duplicates.map(toDuplicate),
    deliveries: deliveries.map((delivery) => ({
      ...toDelivery(delivery),
      history: attempts.filter((one) => one.delivery_id === delivery.id).map(toAttempt),
      leased: delivery.leased,
    })),
  };
}

export async function findReceipt(session: Session, id: string): Promise<ReceiptRow | null> {
  const rows = await session.rows<ReceiptRow>(`select ${RECEIPT}, body from receipts where id = $1`, [id]);
  return rows[0] ?? null;
}

export async function countProblems(session: Session): Promise<number> {
  const [row] = await session.rows<{ count: number }>(
    "select count(*) as count from (select from receipts where problems is not null limit $1) found",
    [MAX_COUNT],
  );
  return row?.count ?? 0;
}

export async function findDelivery(session: Session, id: string): Promise<Delivery | null> {
  const [row] = await session.rows<DeliveryRow>(`select ${DELIVERY} from deliveries where id = $1`, [id]);
  return row ? toDelivery(row) : null;
}

export async function findBlocking(session: Session, id: string): Promise<Delivery | null> {
  const [row] = await session.rows<DeliveryRow>(
    `select ${DELIVERY} from deliveries
     where (destination, lane) = (select destination, lane from deliveries where id = $1 and status = 'held')
       and status = 'pending'`,
    [id],
  );
  return row ? toDelivery(row) : null;
}

export async function findDocument(session: Session, source: string, id: string): Promise<Document | null> {
  const [row] = await session.rows<DocumentRow>(
    "select position, state from documents where source = $1 and id = $2",
    [source, id],
  );
  return row ? toDocument(row) : null;
}

export const BACKLOG = `select destination, count(*) as open, min(recorded_at) as oldest from deliveries
  where due_at is not null group by destination`;

export async function backlog(session: Session): Promise<Backlog[]> {
  return (await session.rows<BacklogRow>(BACKLOG)).map(toBacklog);
}

interface Listing {
  columns: string;
  /** Those of them that may be long: together they are what a row weighs. */
  long: readonly string[];
  table: string;
  /** Columns that must have a value; undefined: not asked for. */
  equal: Readonly<Record<string, string | undefined>>;
  where?: readonly string[];
}

/**
 * Names only the columns that are asked for, so that the index made for each of them is used. What is long is weighed where it
 * lies, and only what belongs to the page is read and sent.
 * What is committed at this moment is shown. Several transactions are under way at a time, so a row may appear a moment later
 * below one that was shown already. Of one document none is ever missed, since its lane is locked until its rows are committed;
 * who pages to the very end while webhooks come in and must miss nothing of any reads the last seconds' pages once more.
 */
async function list<Row extends { position: number }, T>(
  session: Session,
  { columns, long, table, equal, where = [] }: Listing,
  page: PageRequest,
  convert: (row: Row) => T,
): Promise<Page<T>> {
  const asked = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = ["position > $1", ...where, ...asked.map(([column], i) => `${column} = $${i + 4}`)].join(
    " and ",
  );
  const weight = ["0", ...long.map((column) => `coalesce(octet_length(${column}), 0)`)].join(" + ");
  const rows = await session.rows<Row & { more: boolean }>(
    `with page as (
       select position, ${weight} as weight from ${table} where ${all} order by position limit $2
     ), shown as (
       select position from (
         select position, row_number() over w as n, sum(weight) over w - weight as before
         from page window w as (order by position rows unbounded preceding)
       ) weighed
       where n < $2 and before <= $3
     )
     select position, ${columns}, (select count(*) from page) > (select count(*) from shown) as more
     from shown join ${table} using (position) order by position`,
    [after(page), page.limit + 1, MAX_PAGE_BYTES, ...asked.map(([, value]) => value)],
  );
  return toPage({ rows, more: rows.at(0)?.more ?? false }, convert);
}
