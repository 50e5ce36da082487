import type { Event } from "../../domain/event.ts";
import type { Lookup } from "../../domain/lookup.ts";
import type { Problem, Receipt, Rejection } from "../../domain/receipt.ts";
import type { Known, Resolution } from "../../domain/resolve.ts";
import type { ListRequest, SearchedPage, TimeRange } from "./paging.ts";

/** A request to record, and how its drafts become events. */
export interface RecordRequest {
  receipt: Receipt;
  /**
   * Rows of the receipt's source that `resolve` needs. Documents and signers among them are locked until the
   * commit.
   */
  lookup: Lookup;
  /**
   * Runs inside the transaction, and again when the transaction is retried. Pure. When it throws, nothing of
   * this request is recorded.
   */
  resolve(known: Known): Resolution;
  /**
   * The receipt is in shadow after this: it is not pruned, and is found by `ReceiptFilter.shadow`. Absent: it
   * is not, or no more.
   */
  shadow?: boolean | undefined;
}

export interface RecordResult {
  /** The new events. */
  events: readonly Event[];
  /** Ids of events recorded before that this request reports again. */
  duplicates: readonly string[];
  /** Destinations that got new deliveries. */
  destinations: readonly string[];
  /**
   * Absent: the request is recorded whole. Otherwise the database refused a value of it, and only its receipt
   * is recorded, with this problem.
   */
  refused?: Problem;
}

/** A refused request without its body. */
export interface RejectionSummary extends Omit<Rejection, "body"> {
  /** Length of the body in bytes; null: it was too long to be kept. */
  size: number | null;
}

/** The range is of the time of arrival. */
export interface RejectionFilter extends TimeRange {
  source?: string | undefined;
  channel?: string | undefined;
}

/** What comes in: genuine requests with their events, and a bounded number of refused ones. */
export interface Inbox {
  /**
   * Records the receipt with its events, documents and deliveries: all or nothing, and on disk before the
   * promise resolves. Requests about one document are serialised: `resolve` sees the document as the request
   * before left it. An event id is recorded once, whoever comes first; after that it is a duplicate. A
   * delivery whose lane has an open delivery becomes `held`. A request that fails does not fail others
   * recorded at the same moment. When the database refuses a value, the receipt at least is recorded.
   */
  record(request: RecordRequest): Promise<RecordResult>;

  /**
   * Records more of a request whose receipt exists: a later slice of a long batch, or a request processed
   * again after its mapping was fixed. New events are added, and the receipt's problems are replaced. Events
   * that this receipt reported before are no duplicates.
   */
  amend(request: RecordRequest): Promise<RecordResult>;

  /** Keeps a refused request, and the newest `keep` of its channel. */
  reject(rejection: Rejection, keep: number): Promise<void>;
  /** Without bodies. */
  listRejections(filter: RejectionFilter, page: ListRequest): Promise<SearchedPage<RejectionSummary>>;
  /** The same with bodies, to be verified again. */
  findRejections(filter: RejectionFilter, page: ListRequest): Promise<SearchedPage<Rejection>>;
  findRejection(id: string): Promise<Rejection | null>;
  /** False: there is no rejection with this id. */
  dropRejection(id: string): Promise<boolean>;
}
