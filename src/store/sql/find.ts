import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import { partsOfDeliveryId } from "../../domain/identity.ts";
import type { Rejection } from "../../domain/receipt.ts";
import type { Column, DbRow } from "../columns.ts";
import { namesOf } from "../description.ts";
import type { DestinationState } from "../port/control.ts";
import { MAX_COUNT } from "../port/paging.ts";
import type { Duplicate, EventHistory, ReceiptSummary } from "../port/reads.ts";
import { DELIVERY, DESTINATION, DOCUMENT, EVENT, RECEIPT, REJECTION, SCHEMA } from "../tables.ts";
import { childrenOf } from "./children.ts";
import { joinApart, type Session, selectOf } from "./session.ts";

/** Single rows for people: the same statements in both databases. */

export const BODY: Column = { name: "body", type: "bytes", apartInSqlite: "bodies" };
const TOKEN: Column = { name: "token", type: "text" };
const ACKNOWLEDGED_AT: Column = { name: "acknowledged_at", type: "bigint" };

export async function findRejection(session: Session, id: string): Promise<Rejection | null> {
  const [row] = await session.rows(
    `select ${namesOf(REJECTION.columns)}, body from rejections where id = ?`,
    [id],
  );
  return row ? toRejection(row) : null;
}

export function toRejection(row: DbRow): Rejection {
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

export async function findShadow(session: Session, event: string): Promise<Duplicate[]> {
  const found = session.dialect.isPostgres
    ? "receipts where shadow is not null and shadow::jsonb @> jsonb_build_array(?::text)"
    : "shadow_events s join receipts using (position) where s.event_id = ?";
  const rows = await session.rows<{ id: string; channel: string; received_at: number }>(
    `select id, channel, received_at from ${found} order by received_at, id`,
    [event],
  );
  return rows.map(({ id, channel, received_at }) => ({ receipt: id, channel, at: received_at }));
}

export async function findBlocking(session: Session, id: string): Promise<Delivery | null> {
  const place = placeOfDelivery(id);
  if (!place) return null;
  const [row] = await session.rows(
    `select ${selectOf(session.dialect, DELIVERY.columns)} from deliveries
     where (destination, lane) =
         (select destination, lane from deliveries where ${IS_DELIVERY} and status = 'held')
       and due_at is not null and status = 'pending'`,
    place,
  );
  return row ? DELIVERY.decode(row) : null;
}

export async function findEvent(session: Session, id: string): Promise<EventHistory | null> {
  const [row] = await session.rows<DbRow & { receipt_id: string; recorded_at: number }>(
    "select receipt_id, recorded_at, body from events where id = ?",
    [id],
  );
  if (!row) return null;
  const receiptColumns = selectOf(session.dialect, RECEIPT.columns);
  const [[receipt], shadow, duplicates, deliveries] = await Promise.all([
    session.rows(`select ${receiptColumns} from receipts where id = ?`, [row.receipt_id]),
    findShadow(session, id),
    childrenOf(session, SCHEMA.events.children.duplicates, [id]),
    session.rows<DbRow & { position: number; acknowledged_at: number | null }>(
      `select position, ${selectOf(session.dialect, [...DELIVERY.columns, TOKEN, ACKNOWLEDGED_AT])} from deliveries
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
    shadow,
    deliveries: deliveries.map((delivery) => ({
      ...DELIVERY.decode(delivery),
      history: attempts(delivery.position),
      leased: delivery.token !== null,
      acknowledgedAt: delivery.acknowledged_at,
    })),
  };
}

export async function destinations(session: Session): Promise<DestinationState[]> {
  const rows = await session.rows(`select ${namesOf(DESTINATION.columns)} from destinations order by name`);
  return rows.map(DESTINATION.decode);
}
