import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import { after, toPage } from "../page.ts";
import {
  type AttemptRow,
  type AuditRow,
  type DeliveryRow,
  type DocumentRow,
  type EventRow,
  type ListedDeliveryRow,
  type ListedReceiptRow,
  type ReceiptRow,
  type RejectionRow,
  type RetellingRow,
  toAttempt,
  toAudit,
  toDelivery,
  toDocument,
  toEvent,
  toReceipt,
  toRejection,
  toRetelling,
} from "../rows.ts";
import {
  type AuditEntry,
  type DeliveryFilter,
  type DocumentFilter,
  type EventFilter,
  type EventHistory,
  MAX_COUNT,
  type Page,
  type PageRequest,
  type ReceiptFilter,
  type ReceiptSummary,
  type RejectionFilter,
} from "../store.ts";
import type { Session } from "./session.ts";

/** A receipt without its bytes. */
const RECEIPT =
  "id, source, channel, received_at, query, headers, length(body) as size, verified, mapping, problems, events, duplicates";
const DELIVERY = "id, event_id, destination, lane, status, reason, attempts, due_at, replayed_after";

export async function findEvents(
  session: Session,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<Event>> {
  const equal = { type: filter.type, source: filter.source, document_id: filter.document };
  return toPage(
    await list<EventRow>(session, { columns: "body", table: "events", equal }, page),
    page,
    toEvent,
  );
}

export async function findReceipts(
  session: Session,
  { source, channel, problems }: ReceiptFilter,
  page: PageRequest,
): Promise<Page<ReceiptSummary>> {
  const listing = {
    columns: RECEIPT,
    table: "receipts",
    equal: { source, channel },
    where: problems ? ["problems is not null"] : [],
  };
  return toPage(await list<ListedReceiptRow>(session, listing, page), page, toReceipt);
}

export async function findDocuments(
  session: Session,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Promise<Page<Document>> {
  const listing = { columns: "state", table: "documents", equal: { source, id, status } };
  return toPage(await list<DocumentRow>(session, listing, page), page, toDocument);
}

export async function findDeliveries(
  session: Session,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const listing = { columns: DELIVERY, table: "deliveries", equal: { destination, status, reason } };
  return toPage(await list<ListedDeliveryRow>(session, listing, page), page, toDelivery);
}

export async function findRejections(
  session: Session,
  { source, channel }: RejectionFilter,
  page: PageRequest,
): Promise<Page<Rejection>> {
  const columns = "id, source, channel, received_at, query, headers, body, reason, shown";
  const listing = { columns, table: "rejections", equal: { source, channel } };
  return toPage(await list<RejectionRow>(session, listing, page), page, toRejection);
}

export async function findAudit(session: Session, page: PageRequest): Promise<Page<AuditEntry>> {
  const listing = { columns: "at, action, caller, reason, details", table: "audit", equal: {} };
  return toPage(await list<AuditRow>(session, listing, page), page, toAudit);
}

/** An event with all that happened to it. */
export async function findEvent(session: Session, id: string): Promise<EventHistory | null> {
  const [row] = await session.rows<EventRow & { receipt_id: string }>(
    "select position, receipt_id, body from events where id = $1",
    [id],
  );
  if (!row) return null;
  const [receipt, retold, deliveries, attempts] = await Promise.all([
    findReceipt(session, row.receipt_id),
    session.rows<RetellingRow>(
      'select receipt_id, channel, told_at from retellings where event_id = $1 order by told_at, receipt_id collate "C"',
      [id],
    ),
    session.rows<DeliveryRow>(`select ${DELIVERY} from deliveries where event_id = $1 order by position`, [
      id,
    ]),
    session.rows<AttemptRow & { delivery_id: string }>(
      `select delivery_id, number, started_at, duration, cause, status, answer, retry_after from attempts
       where delivery_id in (select id from deliveries where event_id = $1) order by number`,
      [id],
    ),
  ]);
  return {
    event: toEvent(row),
    receipt: receipt && toReceipt(receipt),
    retold: retold.map(toRetelling),
    deliveries: deliveries.map((delivery) => ({
      ...toDelivery(delivery),
      history: attempts.filter((one) => one.delivery_id === delivery.id).map(toAttempt),
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

export async function findDocument(session: Session, source: string, id: string): Promise<Document | null> {
  const [row] = await session.rows<DocumentRow>(
    "select position, state from documents where source = $1 and id = $2",
    [source, id],
  );
  return row ? toDocument(row) : null;
}

interface Listing {
  columns: string;
  table: string;
  /** Columns that must have a value; undefined: not asked for. */
  equal: Readonly<Record<string, string | undefined>>;
  where?: readonly string[];
}

/**
 * Names only the columns that are asked for, so that the index made for each of them is used; one row more than the page has.
 * What is committed at this moment is shown. Several transactions are under way at a time, so a row may appear a moment later
 * below one that was shown already. Of one document none is ever missed, since its lane is locked until its rows are committed;
 * who pages to the very end while webhooks come in and must miss nothing of any reads the last seconds' pages once more.
 */
async function list<Row>(
  session: Session,
  { columns, table, equal, where = [] }: Listing,
  page: PageRequest,
): Promise<Row[]> {
  const asked = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const all = ["position > $1", ...where, ...asked.map(([column], i) => `${column} = $${i + 3}`)].join(
    " and ",
  );
  return session.rows<Row>(
    `select position, ${columns} from ${table} where ${all} order by position limit $2`,
    [after(page), page.limit + 1, ...asked.map(([, value]) => value)],
  );
}
