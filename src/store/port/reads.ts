import type { Attempt, Delivery, DeliveryStatus, ParkReason } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { DocumentStatus, Event } from "../../domain/event.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { DeliveryOutcome, RequestOutcome } from "../../domain/tally.ts";
import type { Page, PageRequest } from "./paging.ts";

export interface EventFilter {
  type?: string | undefined;
  source?: string | undefined;
  document?: string | undefined;
}

export interface DocumentFilter {
  source?: string | undefined;
  id?: string | undefined;
  status?: DocumentStatus | undefined;
}

export interface ReceiptFilter {
  source?: string | undefined;
  channel?: string | undefined;
  /** True: only those with a problem. */
  problems?: boolean | undefined;
}

export interface DeliveryFilter {
  destination?: string | undefined;
  status?: DeliveryStatus | undefined;
  reason?: ParkReason | undefined;
}

/** A receipt without its body, with the events that it reported. */
export interface ReceiptSummary extends Omit<Receipt, "body"> {
  /** Length of the body in bytes. */
  size: number;
  /** Ids of the events that it reported first. */
  events: readonly string[];
  /** Ids of the events that it reported again. */
  duplicates: readonly string[];
}

/** That a receipt reported an event again. */
export interface Duplicate {
  receipt: string;
  channel: string;
  /** When the receipt came, milliseconds since 1970. */
  at: number;
}

/** A delivery with its attempts. */
export interface AttemptedDelivery extends Delivery {
  history: readonly Attempt[];
  /** It is leased to a worker: then `dueAt` is when the lease ends. */
  leased: boolean;
}

/** An event with its receipt, its duplicates and its deliveries. */
export interface EventHistory {
  event: Event;
  /** Null: pruned. */
  receipt: ReceiptSummary | null;
  duplicates: readonly Duplicate[];
  deliveries: readonly AttemptedDelivery[];
}

export interface Backlog {
  destination: string;
  /** Number of deliveries that are pending or held. */
  open: number;
  /** When the oldest of them was recorded, milliseconds since 1970. */
  oldest: number | null;
}

/** Milliseconds since 1970. */
export interface TallySpan {
  from: number;
  /** Before this moment; absent: without an end. */
  until?: number | undefined;
}

interface HourlyCount {
  /** The start of a UTC hour, milliseconds since 1970. */
  hour: number;
  /** At least 1. */
  count: number;
  /** When the newest of them came or ended, milliseconds since 1970. */
  newest: number;
}

/** Requests of an hour, by the moment when they came. */
export interface RequestTally extends HourlyCount {
  source: string;
  channel: string;
  outcome: RequestOutcome;
}

/** Attempts of an hour, by the moment when they ended, and deliveries that were parked without one. */
export interface DeliveryTally extends HourlyCount {
  destination: string;
  outcome: DeliveryOutcome;
  /**
   * The number of attempts in each latency bucket (`LATENCY_BOUNDS_MS` and one more). Their sum is below
   * `count` where deliveries were parked without an attempt.
   */
  latency: readonly number[];
}

/** Sorted by hour, then by names and outcome. */
export interface Tallies {
  requests: readonly RequestTally[];
  deliveries: readonly DeliveryTally[];
}

/** Lists and single rows, for people and metrics. Lists are in the order recorded, oldest first. */
export interface Reads {
  findEvents(filter: EventFilter, page: PageRequest): Promise<Page<Event>>;
  findEvent(id: string): Promise<EventHistory | null>;

  findReceipts(filter: ReceiptFilter, page: PageRequest): Promise<Page<ReceiptSummary>>;
  /** The number of receipts with a problem, at most `MAX_COUNT`. */
  countProblems(): Promise<number>;
  findReceipt(id: string): Promise<(ReceiptSummary & { body: Uint8Array }) | null>;

  /** In the order first seen. */
  findDocuments(filter: DocumentFilter, page: PageRequest): Promise<Page<Document>>;
  findDocument(source: string, id: string): Promise<Document | null>;

  findDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>;
  findDelivery(id: string): Promise<Delivery | null>;
  /** The pending delivery that a held one waits for, in its lane; null: it waits for none. */
  findBlocking(id: string): Promise<Delivery | null>;

  /** The open deliveries of each destination that has any. */
  backlog(): Promise<readonly Backlog[]>;

  /**
   * The counts of the hours that overlap the span. Each was written in the transaction of what it counts: of
   * `record`, `reject`, `settle`, `skip` and `parkRemoved`. They count what happened, also of rows that were
   * amended, replayed, dropped or pruned since; an `amend` or a `restore` adds nothing to them.
   */
  tallies(span: TallySpan): Promise<Tallies>;
}
