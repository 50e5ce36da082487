import type { ChannelKey } from "../domain/coalesce.ts";
import type { Attempt, Delivery } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { Event } from "../domain/event.ts";
import type { KeptParityReport, ParityException } from "../domain/parity.ts";
import type { Rejection } from "../domain/receipt.ts";
import type { Tally } from "../domain/tally.ts";
import type { AuditEntry, DestinationState } from "./port/control.ts";
import type { Note } from "./port/notes.ts";
import type { Duplicate, ReceiptSummary } from "./port/reads.ts";

/**
 * A row of each table as it is outside of any database: in an export, and in the lowdb file. The same for all
 * stores; tables.ts says how it lies in a database. `position` gives the order recorded within a table, and
 * cursors point at it: it goes with the row, so that cursors stay valid when a store is moved. Instants are
 * milliseconds since 1970.
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
    /** Base64; null: it was too long to be stored. */
    body: string | null;
  };
  events: {
    position: number;
    event: Event;
    coalesceKey: string | null;
    /** When it happened. */
    at: number;
    /** Its creation context, as W3C Trace Context writes it; absent: nothing was traced. */
    traceparent?: string | undefined;
    /** Other keys under which it was reported, sorted. */
    dedupeKeys: readonly string[];
    /** The reports of other channels than the first, with their keys. Sorted by key and channel. */
    channelKeys: readonly ChannelKey[];
    /** In the order received, of the same moment by receipt. */
    duplicates: readonly Duplicate[];
  };
  /** The rest of a pruned event, by which a repeat is still recognised. */
  tombstones: {
    position: number;
    id: string;
    recordedAt: number;
    /** As of the event. */
    dedupeKeys: readonly string[];
    /** As of the event, without the reports themselves. */
    channelKeys: readonly ChannelKey[];
  };
  documents: {
    position: number;
    document: Document;
    /** When it was last reported. */
    changedAt: number;
  };
  /** Which document a signer belongs to. Sorted by source and signer. */
  links: { source: string; signer: string; document: string };
  deliveries: {
    position: number;
    delivery: Delivery;
    /** Of the newest lease; null: it is not leased. */
    token: string | null;
    recordedAt: number;
    /** When an operator acknowledged that it is parked; null or absent: not. */
    acknowledgedAt?: number | null | undefined;
    /** Names the batch that it went out in; null or absent: none. */
    batch?: string | null | undefined;
    /** In the order of attempts. */
    history: readonly Attempt[];
  };
  /** Sorted by name. */
  destinations: { state: DestinationState };
  audit: { position: number; entry: AuditEntry };
  proofs: { position: number; proof: KeptParityReport };
  exceptions: { position: number; exception: ParityException };
  /** Sorted by hour, source, channel, destination, outcome and bucket. */
  tallies: Tally;
  /** Sorted by kind and key. */
  notes: Note;
}

export type Table = keyof Rows;

/** In the order of an export: a row comes before those that refer to it. */
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
  "tallies",
  "notes",
  "proofs",
  "exceptions",
] as const satisfies readonly Table[];
