import type { Attempt, Delivery } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { Event } from "../../domain/event.ts";
import type { Rejection } from "../../domain/receipt.ts";
import type { AuditEntry, DestinationState, ReceiptSummary, Retelling } from "../store.ts";

/** Whatever is kept: never changed, only replaced. `position` gives the order recorded, and is what cursors point at. */
export interface Row {
  position: number;
}

export interface KeptReceipt extends Row {
  receipt: ReceiptSummary;
  /** Base64. */
  body: string;
}

export interface KeptRejection extends Row {
  rejection: Omit<Rejection, "body">;
  /** Base64; null: too long to be kept. */
  body: string | null;
}

export interface KeptEvent extends Row {
  event: Event;
  kin: string | null;
  /** When it happened, milliseconds since 1970. */
  at: number;
  /** Other keys under which it was told. */
  keys: readonly string[];
  retold: readonly Retelling[];
}

export interface KeptDocument extends Row {
  document: Document;
}

/** Which document a signer belongs to. */
export interface KeptLink extends Row {
  source: string;
  signer: string;
  document: string;
}

export interface KeptDelivery extends Row {
  delivery: Delivery;
  /** Of the newest loan. */
  token: string | null;
  /** Milliseconds since 1970. */
  recordedAt: number;
  history: readonly Attempt[];
}

export interface KeptDestination extends Row {
  state: DestinationState;
}

export interface KeptAudit extends Row {
  entry: AuditEntry;
}

/** What the file holds, in the order in which a person finds it there. */
export interface Contents {
  /** Of the newest row. */
  position: number;
  destinations: Iterable<KeptDestination>;
  audit: Iterable<KeptAudit>;
  documents: Iterable<KeptDocument>;
  links: Iterable<KeptLink>;
  events: Iterable<KeptEvent>;
  deliveries: Iterable<KeptDelivery>;
  receipts: Iterable<KeptReceipt>;
  rejections: Iterable<KeptRejection>;
}

export const EMPTY: Contents = {
  position: 0,
  destinations: [],
  audit: [],
  documents: [],
  links: [],
  events: [],
  deliveries: [],
  receipts: [],
  rejections: [],
};

const lines = new WeakMap<Row, Buffer>();

/** The row as it stands in the file. It is turned into bytes once, however often the file is written: most never change again. */
export function lineOf(row: Row): Buffer {
  const known = lines.get(row);
  if (known !== undefined) return known;
  const line = Buffer.from(JSON.stringify(row));
  lines.set(row, line);
  return line;
}
