import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import { partsOfDeliveryId } from "../../domain/identity.ts";
import type { Rejection } from "../../domain/receipt.ts";
import type { Column, DbRow } from "../columns.ts";
import { namesOf } from "../description.ts";
import type { AuditEntry, DestinationState } from "../port/control.ts";
import type { RejectionFilter, RejectionSummary } from "../port/inbox.ts";
import { MAX_COUNT, type Page, type PageRequest } from "../port/paging.ts";
import type {
  DeliveryFilter,
  DocumentFilter,
  EventFilter,
  EventHistory,
  ReceiptFilter,
  ReceiptSummary,
} from "../port/reads.ts";
import {
  AUDIT_ENTRY,
  DELIVERY,
  DESTINATION,
  DOCUMENT,
  EVENT,
  RECEIPT,
  REJECTION,
  SCHEMA,
} from "../tables.ts";
import { childrenOf } from "./children.ts";
import { list } from "./list.ts";
import { joinApart, type Session, selectOf } from "./session.ts";

/** Lists and single rows for people: the same statements in both databases. */

const BODY: Column = { name: "body", type: "bytes", apartInSqlite: "bodies" };
const REJECTED_BODY: Column = { name: "body", type: "bytes" };
const REJECTED_SIZE: Column = { name: "size", type: "integer", computed: "length(body)" };
const TOKEN: Column = { name: "token", type: "text" };

export function findEvents(
  session: Session,
  { type, source, document }: EventFilter,
  page: PageRequest,
): Promise<Page<Event>> {
  const events = { table: "events", columns: EVENT.columns };
  const listing = {
    ...events,
    ...(document !== undefined
      ? { indexed: { document_id: document }, others: { type, source } }
      : type !== undefined || !session.dialect.isPostgres
        ? { indexed: { type }, others: { source } }
        : { indexed: { source } }),
  };
  return list(session, listing, page, EVENT.decode);
}

export function findReceipts(
  session: Session,
  { source, channel, problems }: ReceiptFilter,
  page: PageRequest,
): Promise<Page<ReceiptSummary>> {
  const listing = {
    ...{ table: "receipts", columns: RECEIPT.columns },
    where: problems ? ["problems is not null"] : [],
    others: { source, channel },
  };
  return list(session, listing, page, RECEIPT.decode);
}

export function findDocuments(
  session: Session,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Promise<Page<Document>> {
  const listing = {
    ...{ table: "documents", columns: DOCUMENT.columns },
    ...{ indexed: { id }, others: { source, status } },
  };
  return list(session, listing, page, DOCUMENT.decode);
}

export function findDeliveries(
  session: Session,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const isIndexed = status === "parked" && destination !== undefined;
  const listing = {
    ...{ table: "deliveries", columns: DELIVERY.columns },
    // The index holds parked deliveries alone, so its condition has to stand in the statement.
    where: isIndexed ? ["status = 'parked'"] : [],
    indexed: isIndexed ? { destination } : {},
    others: isIndexed ? { reason } : { destination, status, reason },
  };
  return list(session, listing, page, DELIVERY.decode);
}

export function findRejections(
  session: Session,
  filter: RejectionFilter,
  page: PageRequest,
): Promise<Page<Rejection>> {
  const columns = [...REJECTION.columns, REJECTED_BODY];
  return list(session, { columns, ...ofChannel(filter) }, page, toRejection);
}

export function listRejections(
  session: Session,
  filter: RejectionFilter,
  page: PageRequest,
): Promise<Page<RejectionSummary>> {
  const columns = [...REJECTION.columns, REJECTED_SIZE];
  return list(session, { columns, ...ofChannel(filter) }, page, (row) => ({
    ...REJECTION.decode(row),
    size: row.size as number | null,
  }));
}

function ofChannel({ source, channel }: RejectionFilter) {
  const isIndexed = source !== undefined;
  return {
    table: "rejections",
    indexed: isIndexed ? { source, channel } : {},
    others: isIndexed ? {} : { channel },
  };
}

export function findAudit(session: Session, page: PageRequest): Promise<Page<AuditEntry>> {
  return list(session, { table: "audit", columns: AUDIT_ENTRY.columns }, page, AUDIT_ENTRY.decode);
}

export async function findRejection(session: Session, id: string): Promise<Rejection | null> {
  const [row] = await session.rows(
    `select ${namesOf(REJECTION.columns)}, body from rejections where id = ?`,
    [id],
  );
  return row ? toRejection(row) : null;
}

function toRejection(row: DbRow): Rejection {
  return { ...REJECTION.decode(row), body: row.body as Uint8Array | null };
}

export async function findReceipt(
  session: Session,
  id: string,
): Promise<(ReceiptSummary & { body: Uint8Array }) | null> {
  const columns = [...RECEIPT.columns, BODY];
  const [row] = await session.rows<DbRow & { body: Uint8Array }>(
    `select ${selectOf(session.dialect, columns)}
     from receipts${joinApart(session.dialect, columns)} where id = ?`,
    [id],
  );
  return row ? { ...RECEIPT.decode(row), body: row.body } : null;
}

export async function countProblems(session: Session): Promise<number> {
  const [row] = await session.rows<{ count: number }>(
    "select count(*) as count from (select 1 from receipts where problems is not null limit ?) found",
    [MAX_COUNT],
  );
  return row?.count ?? 0;
}

export async function findDocument(session: Session, source: string, id: string): Promise<Document | null> {
  const [row] = await session.rows("select state from documents where source = ? and id = ?", [source, id]);
  return row ? DOCUMENT.decode(row) : null;
}

/** The delivery of an event to a destination, for a `where` clause: an event's deliveries have its time. */
export const IS_DELIVERY =
  "recorded_at = (select recorded_at from events where id = ?) and event_id = ? and destination = ?";

/** The values for `IS_DELIVERY`; null: the text is no delivery's id. */
export function placeOfDelivery(id: string): [event: string, again: string, destination: string] | null {
  const parts = partsOfDeliveryId(id);
  return parts && [parts.event, parts.event, parts.destination];
}

export async function findDelivery(session: Session, id: string): Promise<Delivery | null> {
  return firstDelivery(session, id, IS_DELIVERY);
}

export async function findBlocking(session: Session, id: string): Promise<Delivery | null> {
  return firstDelivery(
    session,
    id,
    `(destination, lane) =
       (select destination, lane from deliveries where ${IS_DELIVERY} and status = 'held')
     and due_at is not null and status = 'pending'`,
  );
}

async function firstDelivery(session: Session, id: string, where: string): Promise<Delivery | null> {
  const place = placeOfDelivery(id);
  if (!place) return null;
  const columns = selectOf(session.dialect, DELIVERY.columns);
  const [row] = await session.rows(`select ${columns} from deliveries where ${where}`, place);
  return row ? DELIVERY.decode(row) : null;
}

export async function findEvent(session: Session, id: string): Promise<EventHistory | null> {
  const [row] = await session.rows<DbRow & { receipt_id: string; recorded_at: number }>(
    "select receipt_id, recorded_at, body from events where id = ?",
    [id],
  );
  if (!row) return null;
  const receiptColumns = selectOf(session.dialect, RECEIPT.columns);
  const [[receipt], duplicates, deliveries] = await Promise.all([
    session.rows(`select ${receiptColumns} from receipts where id = ?`, [row.receipt_id]),
    childrenOf(session, SCHEMA.events.children.duplicates, [id]),
    session.rows<DbRow & { position: number }>(
      `select position, ${selectOf(session.dialect, [...DELIVERY.columns, TOKEN])} from deliveries
       where recorded_at = ? and event_id = ? order by position`,
      [row.recorded_at, id],
    ),
  ]);
  const positions = deliveries.map(({ position }) => position);
  const attempts = await childrenOf(session, SCHEMA.deliveries.children.history, positions);
  return {
    event: EVENT.decode(row),
    receipt: receipt ? RECEIPT.decode(receipt) : null,
    duplicates: duplicates(id),
    deliveries: deliveries.map((delivery) => ({
      ...DELIVERY.decode(delivery),
      history: attempts(delivery.position),
      leased: delivery.token !== null,
    })),
  };
}

export async function destinations(session: Session): Promise<DestinationState[]> {
  const rows = await session.rows(`select ${namesOf(DESTINATION.columns)} from destinations order by name`);
  return rows.map(DESTINATION.decode);
}
