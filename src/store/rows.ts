import type { ChannelKey } from "../domain/coalesce.ts";
import type { Attempt, Delivery } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { Event } from "../domain/event.ts";
import type { Rejection } from "../domain/receipt.ts";
import type { AuditEntry, DestinationState } from "./port/control.ts";
import type { Duplicate, ReceiptSummary } from "./port/reads.ts";

/**
 * A row of each table as it is written down outside of any database: what an export holds, and what the lowdb file holds.
 * The same over all stores. `position` gives the order recorded within a table, and is what cursors point at: it goes with the
 * row, so that cursors stay good when a store is moved. Instants are milliseconds since 1970.
 */
export interface Rows {
  receipts: {
    position: number;
    receipt: ReceiptSummary;
    /** Base64. */
    body: string;
  };
  rejections: {
    position: number;
    rejection: Omit<Rejection, "body">;
    /** Base64; null: too long to be kept. */
    body: string | null;
  };
  events: {
    position: number;
    event: Event;
    coalesceKey: string | null;
    /** When it happened. */
    at: number;
    /** Other keys under which it was told, sorted. */
    dedupeKeys: readonly string[];
    /** Which channels told it, and under which keys, beside the one that told it first. Sorted by key and channel. */
    channelKeys: readonly ChannelKey[];
    /** In the order told, of the same moment by receipt. */
    duplicates: readonly Duplicate[];
  };
  /** What is left of an event that is kept no longer, so that a repeat is still recognised. */
  tombstones: {
    position: number;
    id: string;
    recordedAt: number;
    /** As of the event. */
    dedupeKeys: readonly string[];
    /** As of the event, without what was told. */
    channelKeys: readonly ChannelKey[];
  };
  documents: {
    position: number;
    document: Document;
    /** When something was last told of it. */
    changedAt: number;
  };
  /** Which document a signer belongs to. Sorted by source and signer. */
  links: { source: string; signer: string; document: string };
  deliveries: {
    position: number;
    delivery: Delivery;
    /** Of the newest lease. */
    token: string | null;
    recordedAt: number;
    /** In the order tried. */
    history: readonly Attempt[];
  };
  /** Sorted by name. */
  destinations: { state: DestinationState };
  audit: { position: number; entry: AuditEntry };
}

export type Table = keyof Rows;

/** In the order in which an export holds them: what is referred to comes first. */
export const TABLES = [
  "receipts",
  "rejections",
  "documents",
  "links",
  "events",
  "tombstones",
  "deliveries",
  "destinations",
  "audit",
] as const satisfies readonly Table[];
