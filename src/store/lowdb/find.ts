import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import { after, takePage, toPage } from "../cursor.ts";
import type { AuditEntry } from "../port/control.ts";
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
import { lineOf, type Row, type Rows } from "./contents.ts";
import type { Tables } from "./tables.ts";

export function findEvents(tables: Tables, filter: EventFilter, page: PageRequest): Page<Event> {
  const { type, source, document } = filter;
  return list(
    tables.events,
    page,
    ({ event }) => fits(type, event.type) && fits(source, event.source) && fits(document, event.document?.id),
    ({ event }) => event,
  );
}

export function findReceipts(
  tables: Tables,
  { source, channel, problems }: ReceiptFilter,
  page: PageRequest,
): Page<ReceiptSummary> {
  return list(
    tables.receipts,
    page,
    ({ receipt }) =>
      fits(source, receipt.source) &&
      fits(channel, receipt.channel) &&
      (!problems || receipt.problems.length > 0),
    ({ receipt }) => receipt,
  );
}

export function findReceipt(tables: Tables, id: string): (ReceiptSummary & { body: Uint8Array }) | null {
  const row = tables.receipts.get(id);
  return row ? { ...row.receipt, body: Buffer.from(row.body, "base64") } : null;
}

export function countProblems(tables: Tables): number {
  let count = 0;
  for (const { receipt } of tables.receipts) if (receipt.problems.length > 0) count += 1;
  return Math.min(count, MAX_COUNT);
}

export function findDocuments(
  tables: Tables,
  { source, id, status }: DocumentFilter,
  page: PageRequest,
): Page<Document> {
  return list(
    tables.documents,
    page,
    ({ document }) => fits(source, document.source) && fits(id, document.id) && fits(status, document.status),
    ({ document }) => document,
  );
}

export function findDeliveries(
  tables: Tables,
  { destination, status, reason }: DeliveryFilter,
  page: PageRequest,
): Page<Delivery> {
  return list(
    tables.deliveries,
    page,
    ({ delivery }) =>
      fits(destination, delivery.destination) &&
      fits(status, delivery.status) &&
      fits(reason, delivery.reason),
    ({ delivery }) => delivery,
  );
}

export function findRejections(tables: Tables, filter: RejectionFilter, page: PageRequest): Page<Rejection> {
  return list(tables.rejections, page, isRejectionOf(filter), toRejection);
}

export function listRejections(
  tables: Tables,
  filter: RejectionFilter,
  page: PageRequest,
): Page<RejectionSummary> {
  return list(tables.rejections, page, isRejectionOf(filter), ({ rejection, body }) => ({
    ...rejection,
    size: body === null ? null : Buffer.byteLength(body, "base64"),
  }));
}

function isRejectionOf({ source, channel }: RejectionFilter) {
  return ({ rejection }: Rows["rejections"]) =>
    fits(source, rejection.source) && fits(channel, rejection.channel);
}

export function findRejection(tables: Tables, id: string): Rejection | null {
  const row = tables.rejections.get(id);
  return row ? toRejection(row) : null;
}

export function findAudit(tables: Tables, page: PageRequest): Page<AuditEntry> {
  return list(
    tables.audit,
    page,
    () => true,
    ({ entry }) => entry,
  );
}

/** An event with all that happened to it. */
export function findEvent(tables: Tables, id: string): EventHistory | null {
  const row = tables.events.get(id);
  if (!row) return null;
  return {
    event: row.event,
    receipt: tables.receipts.get(row.event.provenance.receipt)?.receipt ?? null,
    duplicates: row.duplicates,
    deliveries: tables.deliveriesOf
      .of(id)
      .map(({ delivery, history, token }) => ({ ...delivery, history, leased: token !== null })),
  };
}

/** The rows behind the cursor that are wanted, in the order recorded. */
export function list<R extends Row, T>(
  rows: Iterable<R>,
  page: PageRequest,
  wanted: (row: R) => boolean,
  show: (row: R) => T,
): Page<T> {
  const from = after(page);
  function* found() {
    for (const row of rows) if (row.position > from && wanted(row)) yield row;
  }
  return toPage(takePage(found(), page.limit, lengthOf), show);
}

function lengthOf(row: Row): number {
  return lineOf(row).length;
}

/** Whether it is what is asked for, if anything is. */
export function fits(asked: string | undefined, given: string | null | undefined): boolean {
  return asked === undefined || asked === given;
}

function toRejection({ rejection, body }: Rows["rejections"]): Rejection {
  return { ...rejection, body: body === null ? null : Buffer.from(body, "base64") };
}
