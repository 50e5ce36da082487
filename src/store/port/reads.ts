import type { Attempt, AttemptCause, Delivery, DeliveryStatus, ParkReason } from "../../domain/delivery.ts";
import type { Document } from "../../domain/document.ts";
import type { DocumentStatus, Event, EventType } from "../../domain/event.ts";
import type { Gap } from "../../domain/gaps.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { DeliveryOutcome, RequestOutcome } from "../../domain/tally.ts";
import type { ListRequest, Page, PageRequest, SearchedPage, TimeRange } from "./paging.ts";

/** The range is of the time of recording. */
export interface EventFilter extends TimeRange {
  type?: string | undefined;
  source?: string | undefined;
  /** The one that reported it first. */
  channel?: string | undefined;
  document?: string | undefined;
  /** Only those that no channel but these has reported. */
  only?: readonly string[] | undefined;
}

/** The range is of the time of the last change: of the last report about the document. */
export interface DocumentFilter extends TimeRange {
  source?: string | undefined;
  id?: string | undefined;
  status?: DocumentStatus | undefined;
  /**
   * Those whose id, title, a signer's name or address, a tag or a reference contains this text, without
   * regard to case. One whose id is this text comes first, whatever the order.
   */
  search?: string | undefined;
  /** Those that were sent before this moment and have not ended, milliseconds since 1970. */
  stuckBefore?: number | undefined;
  /** Completed ones of which this was not told; with a source an index has them. */
  gap?: Gap | undefined;
  /** Those with events that did not arrive: of their newest `MAX_EVENTS_LOOKED_AT`. */
  undelivered?: Undelivered | undefined;
}

/** `open`: on the way; `parked`: given up, and not acknowledged. */
export const UNDELIVERED = ["open", "parked"] as const;
export type Undelivered = (typeof UNDELIVERED)[number];

/** The events of one document that a list of documents looks at. */
export const MAX_EVENTS_LOOKED_AT = 200;

/** How far a document and its deliveries are. */
export interface DocumentProgress extends Readonly<Record<Undelivered, number>> {
  /** Of the event recorded last; null: none is kept. */
  lastType: EventType | null;
}

/** What documents can be sorted by: when they were first reported, or when they were last. */
export const DOCUMENT_SORTS = ["first_report", "last_report"] as const;
export type DocumentSort = (typeof DOCUMENT_SORTS)[number];

/**
 * Absent: `first_report`, of which all pages together have each document once. By `last_report` a document
 * moves with each report, so it may be on two pages, or on none of those still to come.
 */
export interface DocumentRequest extends ListRequest {
  sort?: DocumentSort | undefined;
}

/** A document with the time of its last change. */
export interface ListedDocument extends Document {
  /** When the last report about it came, milliseconds since 1970. */
  changedAt: number;
}

/** The range is of the time of arrival. */
export interface ReceiptFilter extends TimeRange {
  source?: string | undefined;
  channel?: string | undefined;
  /** True: only those with a problem. */
  problems?: boolean | undefined;
  /** True: only those in shadow. */
  shadow?: boolean | undefined;
}

/** Kept requests of some channels, of a range of the time of arrival. */
export interface ReceiptRange extends TimeRange {
  channels: readonly { source: string; name: string }[];
}

/** The range is of the time of recording. */
export interface DeliveryFilter extends TimeRange {
  destination?: string | undefined;
  status?: DeliveryStatus | undefined;
  /** True: only those that are open or parked. */
  undelivered?: boolean | undefined;
  reason?: ParkReason | undefined;
  /**
   * True: only parked ones that were acknowledged. They are in no other list of parked or undelivered ones.
   */
  acknowledged?: boolean | undefined;
  /** Of the last attempt. */
  cause?: AttemptCause | undefined;
  /** Of the event. */
  type?: string | undefined;
  /** Of the event. */
  source?: string | undefined;
}

/** A receipt without its body, with the events that it reported. */
export interface ReceiptSummary extends Omit<Receipt, "body"> {
  /** Length of the body in bytes. */
  size: number;
  /** Ids of the events that it reported first. */
  events: readonly string[];
  /** Ids of the events that it reported again. */
  duplicates: readonly string[];
  /**
   * In shadow: ids of the events that it would have made, when it came. Null, or absent from what an earlier
   * version wrote: it is not in shadow.
   */
  shadow?: readonly string[] | null | undefined;
}

/** That a receipt reported an event again. */
export interface Duplicate {
  receipt: string;
  channel: string;
  /** When the receipt came, milliseconds since 1970. */
  at: number;
}

/** A delivery with what a person wants to see beside it. */
export interface ListedDelivery extends Delivery {
  /** When it was recorded with its event, milliseconds since 1970. */
  recordedAt: number;
  /** Of its event. */
  type: EventType;
  /** Of its event. */
  source: string;
  /** It is leased to a worker: then `dueAt` is when the lease ends. */
  leased: boolean;
  /** When an operator acknowledged that it is parked; null: not. */
  acknowledgedAt: number | null;
  /** Null: there was none, or it is pruned. */
  lastAttempt: Pick<Attempt, "startedAt" | "cause" | "status"> | null;
  /** The event whose delivery a held one waits for, in its lane; null: it waits for none. */
  waitsFor: string | null;
}

/** What deliveries can be counted by: `cause` is that of the last attempt, `type` that of the event. */
export const DELIVERY_GROUPS = ["destination", "cause", "reason", "status", "type"] as const;
export type DeliveryGroup = (typeof DELIVERY_GROUPS)[number];

/** Deliveries that have the same in each part that they are counted by. */
export interface DeliveryCount extends Partial<Readonly<Record<DeliveryGroup, string | null>>> {
  count: number;
  /** When the oldest of them was recorded, milliseconds since 1970. */
  oldest: number;
  newest: number;
}

/** `rows`: how many deliveries are looked at, at most; absent: as many as a page of a list does. */
export interface CountRequest extends Pick<ListRequest, "cursor"> {
  rows?: number | undefined;
}

/** A delivery with its attempts. */
export interface AttemptedDelivery extends Delivery {
  history: readonly Attempt[];
  /** It is leased to a worker: then `dueAt` is when the lease ends. */
  leased: boolean;
  /** When an operator acknowledged that it is parked; null: not. */
  acknowledgedAt: number | null;
}

/** An event with its receipt, its duplicates and its deliveries. */
export interface EventHistory {
  event: Event;
  /** Null: pruned. */
  receipt: ReceiptSummary | null;
  duplicates: readonly Duplicate[];
  /** Receipts in shadow that reported it before anything else did. */
  shadow: readonly Duplicate[];
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

/**
 * Lists and single rows, for people and metrics. Lists reject with `bad_request` when the cursor does not
 * belong to them.
 */
export interface Reads {
  findEvents(filter: EventFilter, page: ListRequest): Promise<SearchedPage<Event>>;
  findEvent(id: string): Promise<EventHistory | null>;
  /** The receipts in shadow that would have made the event, oldest first; whether or not it is recorded. */
  findShadow(event: string): Promise<readonly Duplicate[]>;

  findReceipts(filter: ReceiptFilter, page: ListRequest): Promise<SearchedPage<ReceiptSummary>>;
  /** The number of receipts with a problem, at most `MAX_COUNT`. */
  countProblems(): Promise<number>;
  findReceipt(id: string): Promise<(ReceiptSummary & { body: Uint8Array }) | null>;
  /** Receipts with their bodies, to be read again, in the order received. A page may hold none. */
  readReceipts(range: ReceiptRange, page: PageRequest): Promise<Page<Receipt>>;

  findDocuments(filter: DocumentFilter, page: DocumentRequest): Promise<SearchedPage<ListedDocument>>;
  findDocument(source: string, id: string): Promise<Document | null>;
  /** In the order of the documents, counting the deliveries of their newest `MAX_EVENTS_LOOKED_AT` events. */
  progressOf(documents: readonly Pick<Document, "source" | "id">[]): Promise<readonly DocumentProgress[]>;

  findDeliveries(filter: DeliveryFilter, page: ListRequest): Promise<SearchedPage<ListedDelivery>>;
  findDelivery(id: string): Promise<ListedDelivery | null>;
  /** The pending delivery that a held one waits for, in its lane; null: it waits for none. */
  findBlocking(id: string): Promise<Delivery | null>;
  /**
   * Counts open and parked deliveries, newest first, as many as a page looks at: the sum over all pages
   * counts each once. The largest groups come first.
   */
  countUndelivered(
    groups: readonly DeliveryGroup[],
    filter: DeliveryFilter,
    page: CountRequest,
  ): Promise<SearchedPage<DeliveryCount>>;

  /** The open deliveries of each destination that has any. */
  backlog(): Promise<readonly Backlog[]>;

  /**
   * The counts of the hours that overlap the span. Each was written in the transaction of what it counts: of
   * `record`, `reject`, `settle`, `skip` and `parkRemoved`. They count what happened, also of rows that were
   * amended, replayed, dropped or pruned since; an `amend` or a `restore` adds nothing to them.
   */
  tallies(span: TallySpan): Promise<Tallies>;
}
