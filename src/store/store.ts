import type { Breaker } from "../domain/breaker.ts";
import type { Attempt, Delivery, DeliveryStatus, Outcome, ParkReason } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { DocumentStatus, Event } from "../domain/event.ts";
import type { Lookup } from "../domain/lookup.ts";
import type { Problem, Receipt, Rejection } from "../domain/receipt.ts";
import type { Known, Resolution } from "../domain/resolve.ts";
import type { Kept, Table } from "./kept.ts";

/** One request to be kept, and what to make of it. */
export interface RecordRequest {
  receipt: Receipt;
  /** What `resolve` is to be shown of what is known, within the receipt's source; its documents and signers are locked meanwhile. */
  lookup: Lookup;
  /** Called inside the transaction, and again when that has to be repeated. Pure; when it throws nothing of this recording is kept. */
  resolve(known: Known): Resolution;
}

export interface RecordResult {
  /** The events that are new. */
  events: readonly Event[];
  /** Events told before, told again by this request. */
  duplicates: readonly string[];
  /** Destinations that got new deliveries. */
  destinations: readonly string[];
  /** Absent: all of it is kept. Otherwise the database refused what the request tells, and only its receipt is kept, with this problem. */
  refused?: Problem;
}

/** A delivery leased to be tried, with what to send. */
export interface Lease {
  delivery: Delivery;
  event: Event;
  /** Whoever settles or returns the lease must show it. */
  token: string;
}

/** How much of a destination may be out at a time. */
export interface Capacity {
  limit: number;
  /** So long before a lease ends its try is over in any case, in milliseconds: it takes no room any more, though nothing is settled. */
  settleMargin: number;
  /** Leases whose try is over already, and only has to be written down: they take none either. */
  finished: readonly Lease[];
}

export interface Settlement {
  delivery: string;
  token: string;
  /** Null: nothing was sent, so that no try is counted. */
  attempt: Attempt | null;
  outcome: Outcome;
  /** When this is written, milliseconds since 1970. */
  at: number;
}

/**
 * A page of a list, in the order recorded; `cursor` is what the page before gave as `next`. A page may have fewer items than
 * `limit`, even none, and a `next` all the same: it ends after so many bytes, or after so many rows were looked at.
 */
export interface PageRequest {
  cursor?: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: readonly T[];
  next: string | null;
}

/** So many are counted at most where a count is a look at each of them: more is of no use, and takes as long as there are many. */
export const MAX_COUNT = 10_000;

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
export interface Duplicate {
  receipt: string;
  channel: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** A delivery with its tries. */
export interface AttemptedDelivery extends Delivery {
  history: readonly Attempt[];
  /** It is leased to be tried: then `dueAt` is when the lease ends. */
  leased: boolean;
}

/** An event with all that happened to it. */
export interface EventHistory {
  event: Event;
  receipt: ReceiptSummary | null;
  duplicates: readonly Duplicate[];
  deliveries: readonly AttemptedDelivery[];
}

/** A receipt without its bytes, and what came of it. */
export interface ReceiptSummary extends Omit<Receipt, "body"> {
  /** Length of the body in bytes. */
  size: number;
  events: readonly string[];
  duplicates: readonly string[];
}

/** A refused request without its bytes. */
export interface RejectionSummary extends Omit<Rejection, "body"> {
  /** Length of the body in bytes; null: it was too long to be kept. */
  size: number | null;
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

/** What a node hears of a store that it shares with others. */
export interface StoreEvents {
  /**
   * Another node has committed something that is due for these destinations; without names, when the line to the others was
   * down, so that anything may have come.
   */
  workDue(destinations?: readonly string[]): void;
  /** What `destinations` gives: at first, when any of it was changed, here or elsewhere, and when the line was down. */
  stateChanged(states: readonly DestinationState[]): void;
  /** How many nodes listen, this one included: at first, and when it may have changed. One that broke off is counted a while. */
  nodeCountChanged(count: number): void;
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

/** What grows old, each with a retention of its own. */
export const PRUNABLE = [
  "receipts",
  "rejections",
  "events",
  "attempts",
  "documents",
  "audit",
  "tombstones",
] as const;
export type Prunable = (typeof PRUNABLE)[number];

/** One small step through a table, from its oldest row on. */
export interface PruneStep {
  table: Prunable;
  /** Older than this moment goes, milliseconds since 1970. */
  before: number;
  /** What the step before gave as `next`; absent: from the oldest. */
  cursor?: string | undefined;
  /** How many rows are looked at. */
  limit: number;
}

/** All that is kept, as it is at one moment, while others go on. */
export interface Snapshot {
  /** How many rows each table has. */
  counts(): Promise<Readonly<Record<Table, number>>>;
  /** Rows in the order that `Kept` says. */
  rows<T extends Table>(table: T, page: PageRequest): Promise<Page<Kept[T]>>;
  /** What the database itself finds damaged, in its own words. */
  damage(): Promise<readonly string[]>;
  close(): Promise<void>;
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
   * Only where several nodes can share a store: from now on tells `news`, and nobody it told before, beginning with how things are.
   * From the first call until it closes, or breaks off, this node is one of those that are counted.
   */
  subscribe?(news: StoreEvents): void;

  /**
   * Keeps the receipt, its events, documents and deliveries: all or nothing, and on disk before the promise resolves.
   * Recordings of the same document never see each other half-way: `resolve` gets what the one before left. An event whose
   * id exists already is not kept twice, whoever comes first; it counts as a duplicate. A delivery whose lane
   * has an open one becomes `held`. One recording that fails does not take down others recorded at the same moment.
   * Of one whose values the database refuses at least the receipt is kept.
   */
  record(recording: RecordRequest): Promise<RecordResult>;

  /**
   * Records again a request whose receipt is kept, after its mapping was mended: what it tells now and did not tell before is
   * added, and its problems are those of this reading. What it had told before is no repeat.
   */
  amend(recording: RecordRequest): Promise<RecordResult>;

  /** Keeps a refused request, and of its channel no more than the newest `keep`. */
  reject(rejection: Rejection, keep: number): Promise<void>;
  /** In the order received, oldest first. */
  listRejections(filter: RejectionFilter, page: PageRequest): Promise<Page<RejectionSummary>>;
  findRejection(id: string): Promise<Rejection | null>;
  /** The same with their bytes, to be checked again. */
  findRejections(filter: RejectionFilter, page: PageRequest): Promise<Page<Rejection>>;
  /** False: there is none of this id. */
  dropRejection(id: string): Promise<boolean>;

  /**
   * Lends out up to `limit` deliveries of the destination that are due at `now`, earliest first, and of those due at the same
   * moment in the order recorded. At most one of a lane is out at a time. Each is due again at `until` if it is not
   * settled before: that is all a crash needs.
   *
   * A store that has `listen` holds all nodes to what is kept of the destination, whether they have heard of it yet or not: while it
   * is paused nothing is leased, and while its breaker is open only one `probe`, once `probeAt` has come, which moves it to `until`. And
   * all claims together never lease more than there is `room` for. Any other store has one process, which sees to all of that itself,
   * and passes over both.
   */
  claim(request: {
    destination: string;
    limit: number;
    now: number;
    until: number;
    /** It is to show whether the receiver is there again, although the breaker is open; default no. */
    probe?: boolean;
    /** Default: for any number. */
    capacity?: Capacity;
  }): Promise<readonly Lease[]>;

  /**
   * Writes down what a try came to, and lets the next of the lane go once this one is delivered or parked. Atomic.
   * False: the token is not the newest lease's, so somebody else has it now or it is done; nothing was written.
   */
  settle(settlement: Settlement): Promise<boolean>;

  /**
   * Gives back leases that were not tried: due at once, no attempt counted; of a probe, the next one may go at once. Tokens that are
   * no longer good are passed over.
   */
  release(leases: readonly Lease[], now: number): Promise<void>;

  /**
   * After the clock was set back: what is open for the destination and was recorded, last tried or leased when it was later than
   * `now` is due at once, or as soon as its turn in its lane comes; a lease of such a one is over. Leases end `lease` milliseconds from
   * `now` at the latest, and so does the pause before a probe. Returns how many deliveries there were.
   *
   * With `seen` false nobody saw the clock go back, it only may have been ahead before this start. A store that nodes share then
   * goes by its own clock as well, and leaves alone what is less than a minute ahead: nodes' clocks differ, and what another one
   * has recorded or leased is not of a clock that was set back.
   */
  bringForward(request: { destination: string; now: number; lease: number; seen?: boolean }): Promise<number>;

  /**
   * Parks an open delivery with `skipped`, and lets the next of its lane go. `leased`: it is out at the moment `now`, and its try must
   * end first; `final`: it is delivered or parked; null: there is none of this id. Then nothing was changed.
   */
  skip(delivery: string, now: number): Promise<"skipped" | "leased" | "final" | null>;

  /** When the earliest pending delivery of the destination is due (a lease: when it ends); null when nothing waits. */
  nextDueAt(destination: string): Promise<number | null>;

  /** Parks, with `destination_removed`, every open delivery to a destination that is not among `names`. Returns how many. */
  parkRemoved(names: readonly string[], at: number): Promise<number>;

  /** Events in the order recorded, oldest first. */
  findEvents(filter: EventFilter, page: PageRequest): Promise<Page<Event>>;
  findEvent(id: string): Promise<EventHistory | null>;

  /** Receipts in the order recorded, oldest first. */
  findReceipts(filter: ReceiptFilter, page: PageRequest): Promise<Page<ReceiptSummary>>;
  /** How many receipts have a problem; of more than 10,000 that many are counted. */
  countProblems(): Promise<number>;
  findReceipt(id: string): Promise<(ReceiptSummary & { body: Uint8Array }) | null>;

  /** Documents in the order in which they were first heard of. */
  findDocuments(filter: DocumentFilter, page: PageRequest): Promise<Page<Document>>;
  findDocument(source: string, id: string): Promise<Document | null>;

  /** Deliveries in the order recorded, oldest first. */
  findDeliveries(filter: DeliveryFilter, page: PageRequest): Promise<Page<Delivery>>;
  findDelivery(id: string): Promise<Delivery | null>;
  /** The pending delivery of its lane, for which the held one of this id waits; null: it waits for none. */
  findBlocking(id: string): Promise<Delivery | null>;

  /** How many deliveries `reopen` would reopen in all. */
  countReplay(filter: ReplayFilter): Promise<number>;

  /**
   * Makes final deliveries due again, marked as replayed, with the tries they have had; the page's in one transaction, in the order
   * recorded. The nth of them is due at `now` + n × `spacing` milliseconds. In a lane they go one after the other, before what
   * is waiting there. Returns how many, and where the next page begins. As of any page there may be fewer than `limit`.
   */
  replay(
    filter: ReplayFilter,
    page: PageRequest,
    due: { now: number; spacing: number },
  ): Promise<{ replayed: number; next: string | null }>;

  /** What is kept of every destination of which anything is kept. */
  destinations(): Promise<readonly DestinationState[]>;
  /** Keeps what is given, and leaves the rest as it is. */
  saveDestination(name: string, state: Partial<Omit<DestinationState, "name">>): Promise<void>;

  /** Keeps what a person changed. */
  addAudit(entry: AuditEntry): Promise<void>;
  /** In the order recorded, oldest first. */
  findAudit(page: PageRequest): Promise<Page<AuditEntry>>;

  /** How much waits for each destination that has open deliveries. */
  backlog(): Promise<readonly Backlog[]>;

  /**
   * Looks at the next `limit` rows and removes those that are too old, in one transaction:
   * - `receipts` and `rejections` by when they were received, `audit` by when it was;
   * - `events` by when they were recorded, with their deliveries, tries and duplicates, unless one of the deliveries is open. Of each
   *   its id and the other keys under which it was told stay, so that a repeat still makes no event;
   * - `attempts` by when they began, unless their delivery is open;
   * - `documents`, with the links of their signers, by when something was last told of them;
   * - `tombstones` of events removed before, by when the event was recorded. Told again after that, it is a new event.
   *
   * Returns how many rows of the table are gone, and where the next step goes on; null: nothing older is left to look at.
   */
  prune(step: PruneStep): Promise<{ pruned: number; next: string | null }>;

  /** For a copy, or an examination. It must be closed. */
  snapshot(): Promise<Snapshot>;

  /**
   * Adds rows as a snapshot gave them, of this or of another store, in one transaction; what is there already is left as it is, so
   * that an import can be repeated. Returns how many were added. Nobody else may be writing.
   *
   * @throws CountersignError `conflict` when something else stands in a row's place: the store was not empty.
   */
  restore<T extends Table>(table: T, rows: readonly Kept[T][]): Promise<number>;

  /** Resolves when the store can be written to at this moment, rejects otherwise. */
  probe(): Promise<void>;

  /** Finishes what was begun and closes. Nothing may be called afterwards. */
  close(): Promise<void>;
}
