import type { Breaker } from "../domain/breaker.ts";
import type { Attempt, Delivery, DeliveryStatus, Outcome, ParkReason } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { DocumentStatus, Event } from "../domain/event.ts";
import type { Receipt, Rejection } from "../domain/receipt.ts";
import type { Known, Questions, Unfolded } from "../domain/unfold.ts";

/** One request to be kept, and what to make of it. */
export interface Recording {
  receipt: Receipt;
  /** What `unfold` is to be shown of what is known, within the receipt's source; its documents are locked meanwhile. */
  questions: Questions;
  /** Called inside the transaction, and again when that has to be repeated. Pure; when it throws nothing of this recording is kept. */
  unfold(known: Known): Unfolded;
}

export interface Recorded {
  /** The events that are new. */
  events: readonly Event[];
  /** Events told before, told again by this request. */
  duplicates: readonly string[];
  /** Destinations that got new deliveries. */
  destinations: readonly string[];
}

/** A delivery lent out to be tried, with what to send. */
export interface Loan {
  delivery: Delivery;
  event: Event;
  /** Whoever settles or returns the loan must show it. */
  token: string;
}

export interface Settlement {
  delivery: string;
  token: string;
  attempt: Attempt;
  outcome: Outcome;
  /** When this is written, milliseconds since 1970. */
  at: number;
}

/** A page of a list, in the order recorded; `cursor` is what the page before gave as `next`. */
export interface PageRequest {
  cursor?: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: readonly T[];
  next: string | null;
}

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
  /** true: only those with a problem. */
  problems?: boolean | undefined;
}

/** A time that an event was told again. */
export interface Retelling {
  receipt: string;
  channel: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** An event with all that happened to it. */
export interface EventHistory {
  event: Event;
  receipt: ReceiptSummary | null;
  retold: readonly Retelling[];
  deliveries: readonly (Delivery & { history: readonly Attempt[] })[];
}

/** A receipt without its bytes, and what came of it. */
export interface ReceiptSummary extends Omit<Receipt, "body"> {
  /** Length of the body in bytes. */
  size: number;
  events: readonly string[];
  duplicates: readonly string[];
}

export interface RejectionFilter {
  source?: string | undefined;
  channel?: string | undefined;
}

export interface DeliveryFilter {
  destination?: string | undefined;
  status?: DeliveryStatus | undefined;
  reason?: ParkReason | undefined;
}

/** Which deliveries are sent again. */
export interface ReplayFilter {
  destination: string;
  /** Final ones of which kind. */
  status: "parked" | "delivered" | "all";
  /** Of events recorded at or after this moment, milliseconds since 1970. */
  since?: number | undefined;
  type?: string | undefined;
  document?: string | undefined;
}

/** Why a destination gets nothing for now. */
export interface Pause {
  /** Milliseconds since 1970. */
  at: number;
  /** In a person's words, or that it answered 410. */
  reason: string;
}

/** What is kept of a destination over restarts. */
export interface DestinationState {
  name: string;
  /** Null: it is not paused. */
  paused: Pause | null;
  /** Null: nothing failed lately. */
  breaker: Breaker | null;
}

/** Something that a person changed. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  at: number;
  /** Such as `pause`, `resume`, `replay`. */
  action: string;
  /** Where the call came from. */
  caller: string;
  /** Why, in the caller's words. */
  reason: string;
  /** What it was done to. */
  details: Readonly<Record<string, string | number | null>>;
}

export interface Backlog {
  destination: string;
  /** Deliveries pending or held. */
  open: number;
  /** When the oldest of them was recorded, milliseconds since 1970. */
  oldest: number | null;
}

/**
 * What the bridge keeps, and the promises that every adapter keeps (test/store/contract.ts states each of them).
 * A promise that is answered has been carried out on disk; one that rejects has changed nothing. When the database cannot be
 * reached or written to, calls reject with a CountersignError of code `store_unavailable`, and later ones may succeed.
 */
export interface Store {
  /**
   * Only where several nodes share a store: calls `listener` with the destinations for which another node has committed something
   * that is due; without names, when the line to the others was down, so that anything may have come.
   */
  onRecorded?(listener: (destinations?: readonly string[]) => void): void;

  /**
   * Keeps the receipt, its events, documents and deliveries: all or nothing, and on disk before the promise resolves.
   * Recordings of the same document never see each other half-way: `unfold` gets what the one before left. An event whose
   * id exists already is not kept twice, whoever comes first; it counts as a duplicate. A delivery whose lane
   * has an open one becomes `held`. One recording that fails does not take down others recorded at the same moment.
   */
  record(recording: Recording): Promise<Recorded>;

  /**
   * Records again a request whose receipt is kept, after its mapping was mended: what it tells now and did not tell before is
   * added, and its problems are those of this reading. What it had told before is no repeat.
   */
  reread(recording: Recording): Promise<Recorded>;

  /** Keeps a refused request, and of its channel no more than the newest `keep`. */
  reject(rejection: Rejection, keep: number): Promise<void>;
  /** In the order received, oldest first. */
  findRejections(filter: RejectionFilter, page: PageRequest): Promise<Page<Rejection>>;
  /** False: there is none of this id. */
  dropRejection(id: string): Promise<boolean>;

  /**
   * Lends out up to `limit` deliveries of the destination that are due at `now`, earliest first, and of those due at the same
   * moment in the order recorded. At most one of a lane is out at a time. Each is due again at `until` if it is not
   * settled before: that is all a crash needs.
   */
  claim(request: {
    destination: string;
    limit: number;
    now: number;
    until: number;
  }): Promise<readonly Loan[]>;

  /**
   * Writes down what a try came to, and lets the next of the lane go once this one is delivered or parked. Atomic.
   * False: the token is not the newest loan's, so somebody else has it now or it is done; nothing was written.
   */
  settle(settlement: Settlement): Promise<boolean>;

  /** Gives back loans that were not tried: due at once, no attempt counted. Tokens that are no longer good are passed over. */
  giveBack(loans: readonly Loan[], now: number): Promise<void>;

  /** When the earliest pending delivery of the destination is due (a loan: when it ends); null when nothing waits. */
  nextDueAt(destination: string): Promise<number | null>;

  /** Parks, with `destination_removed`, every open delivery to a destination that is not among `names`. Returns how many. */
  parkRemoved(names: readonly string[], at: number): Promise<number>;

  /** Events in the order recorded, oldest first. */
  findEvents(filter: EventFilter, page: PageRequest): Promise<Page<Event>>;
  findEvent(id: string): Promise<EventHistory | null>;

  /** Receipts in the order recorded, oldest first. */
  findReceipts(filter: ReceiptFilter, page: PageRequest): Promise<Page<ReceiptSummary>>;
  findReceipt(id: string): Promise<(ReceiptSummary & { body: Uint8Array }) | null>;

  /** Documents in the order in which they were first heard of. */
  findDocuments(filter: DocumentFilter, page: PageRequest): Promise<Page<Document>>;
  findDocument(source: string, id: string): Promise<Document | null>;

  /** Deliveries in the order recorded, oldest first. */
  findDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>;
  findDelivery(id: string): Promise<Delivery | null>;

  /** How many deliveries `reopen` would reopen in all. */
  countReplay(filter: ReplayFilter): Promise<number>;

  /**
   * Makes final deliveries due again, marked as replayed, with the tries they have had; the page's in one transaction, in the order
   * recorded. The nth of them is due at `now` + n × `spacing` milliseconds. In a lane they go one after the other, before what
   * is waiting there. Returns how many, and where the next page begins.
   */
  reopen(
    filter: ReplayFilter,
    page: PageRequest,
    due: { now: number; spacing: number },
  ): Promise<{ reopened: number; next: string | null }>;

  /** What is kept of every destination of which anything is kept. */
  destinations(): Promise<readonly DestinationState[]>;
  /** Keeps what is given, and leaves the rest as it is. */
  keepDestination(name: string, state: Partial<Omit<DestinationState, "name">>): Promise<void>;

  /** Keeps what a person changed. */
  addAudit(entry: AuditEntry): Promise<void>;
  /** In the order recorded, oldest first. */
  findAudit(page: PageRequest): Promise<Page<AuditEntry>>;

  /** How much waits for each destination that has open deliveries. */
  backlog(): Promise<readonly Backlog[]>;

  /** Resolves when the store can be written to at this moment, rejects otherwise. */
  probe(): Promise<void>;

  /** Finishes what was begun and closes. Nothing may be called afterwards. */
  close(): Promise<void>;
}
