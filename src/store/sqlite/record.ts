import type { Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { NewEvent } from "../../domain/unfold.ts";
import { toDocument } from "../rows.ts";
import type { Recorded, Recording } from "../store.ts";
import type { Statements } from "./statements.ts";

/** Keeps a request and all that comes of it. Runs inside a transaction. */
export function record(sql: Statements, { receipt, documents, keys, unfold }: Recording): Recorded {
  const unfolded = unfold({
    documents: new Map(documents.flatMap((id) => knownDocument(sql, receipt.source, id))),
    events: new Map(keys.flatMap((key) => knownEvents(sql, key))),
  });

  const added = unfolded.events.filter((one) => addEvent(sql, one, receipt)).map(({ event }) => event);
  const fresh = new Set(added.map(({ id }) => id));
  const again = unfolded.events.map(({ event }) => event.id).filter((id) => !fresh.has(id));
  const duplicates = [...unfolded.duplicates, ...again];
  for (const id of duplicates) sql.addRetelling.run(id, receipt.id, receipt.channel, receipt.receivedAt);
  for (const document of unfolded.documents) {
    sql.setDocument.run(document.source, document.id, document.status, JSON.stringify(document));
  }
  const deliveries = unfolded.deliveries.filter(({ event }) => fresh.has(event));
  for (const delivery of deliveries) addDelivery(sql, delivery, receipt.receivedAt);

  sql.addReceipt.run(
    receipt.id,
    receipt.source,
    receipt.channel,
    receipt.receivedAt,
    receipt.query,
    JSON.stringify(receipt.headers),
    receipt.body,
    receipt.verified,
    receipt.mapping,
    receipt.problems.length === 0 ? null : JSON.stringify(receipt.problems),
    JSON.stringify([...fresh]),
    JSON.stringify(duplicates),
  );
  return {
    events: added,
    duplicates,
    destinations: [...new Set(deliveries.map(({ destination }) => destination))],
  };
}

function knownDocument(sql: Statements, source: string, id: string): [string, Document][] {
  const document = findDocument(sql, source, id);
  return document ? [[id, document]] : [];
}

export function findDocument(sql: Statements, source: string, id: string): Document | null {
  const row = sql.document.one(source, id);
  return row ? toDocument(row) : null;
}

function knownEvents(sql: Statements, key: string): [string, string[]][] {
  const same = sql.eventById.one(key);
  if (same) return [[key, [same.id]]];
  const told = sql.eventsToldAs.all(key);
  return told.length > 0 ? [[key, told.map(({ id }) => id)]] : [];
}

/** False: it exists already. */
function addEvent(sql: Statements, { event, key }: NewEvent, receipt: Receipt): boolean {
  const added = sql.addEvent.run(
    event.id,
    key === event.id ? null : key,
    event.source,
    event.type,
    event.document?.id ?? null,
    receipt.id,
    receipt.receivedAt,
    JSON.stringify(event),
  );
  return added === 1;
}

function addDelivery(sql: Statements, delivery: Delivery, recordedAt: number): void {
  const { id, event, destination, lane, dueAt } = delivery;
  const waits = lane !== null && sql.laneIsOpen.one(destination, lane) !== undefined;
  sql.addDelivery.run(id, event, destination, lane, waits ? "held" : "pending", dueAt, recordedAt);
}
