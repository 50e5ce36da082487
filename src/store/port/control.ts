import type { Breaker } from "../../domain/breaker.ts";
import type { AttemptCause, ParkReason } from "../../domain/delivery.ts";
import type { ListRequest, PageRequest, SearchedPage, TimeRange } from "./paging.ts";

/** Why a destination gets nothing. */
export interface Pause {
  /** Milliseconds since 1970. */
  at: number;
  /** In an operator's words, or that the destination answered 410. */
  reason: string;
}

/** What is saved of a destination over restarts. */
export interface DestinationState {
  name: string;
  /** Null: it is not paused. */
  paused: Pause | null;
  /** Null: no attempt failed lately. */
  breaker: Breaker | null;
}

/** Which final deliveries are sent again: `parked` without those that were acknowledged. */
export interface ReplayFilter {
  destination: string;
  status: "parked" | "delivered" | "all";
  /** Of events recorded at or after this moment, milliseconds since 1970. */
  since?: number | undefined;
  type?: string | undefined;
  document?: string | undefined;
  /** Parked for this reason. */
  reason?: ParkReason | undefined;
  /** Of the last attempt. */
  cause?: AttemptCause | undefined;
}

/** Which parked deliveries are acknowledged. */
export type AcknowledgeFilter = Omit<ReplayFilter, "status">;

/** A change that an operator made. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  at: number;
  /** Such as `pause`, `resume`, `replay`. */
  action: string;
  /** The address that the call came from. */
  caller: string;
  /** In the caller's words. */
  reason: string;
  /** The subject of the change. */
  details: Readonly<Record<string, string | number | null>>;
}

/** What operators and breakers change. */
export interface Control {
  /** The saved state of every destination that has one. */
  destinations(): Promise<readonly DestinationState[]>;
  /** Saves the given fields, and leaves the others. */
  saveDestination(name: string, state: Partial<Omit<DestinationState, "name">>): Promise<void>;

  /** How many deliveries `replay` would send again in all. */
  countReplay(filter: ReplayFilter): Promise<number>;
  /**
   * Makes final deliveries due again, marked as replayed, with their attempts; those of the page in one
   * transaction, in the order recorded. The nth is due at `now` + n × `spacing` milliseconds. In a lane they
   * go one after the other, before what waits there. Returns their number, and the cursor of the next page. A
   * page may hold fewer than `limit`.
   */
  replay(
    filter: ReplayFilter,
    page: PageRequest,
    due: { now: number; spacing: number },
  ): Promise<{ replayed: number; next: string | null }>;

  /** How many deliveries `acknowledge` would take in all. */
  countAcknowledge(filter: AcknowledgeFilter): Promise<number>;
  /**
   * Marks parked deliveries as acknowledged: they are in no list of what is parked or undelivered any more,
   * and a replay of parked ones leaves them out. Those of the page in one transaction, in the order recorded.
   * Returns their number, and the cursor of the next page. A page may hold fewer than `limit`.
   */
  acknowledge(
    filter: AcknowledgeFilter,
    page: PageRequest,
    now: number,
  ): Promise<{ acknowledged: number; next: string | null }>;
  /**
   * The same for one delivery. `open`: it is not parked; `done`: it was acknowledged before; null: there is
   * none with this id.
   */
  acknowledgeOne(delivery: string, now: number): Promise<"acknowledged" | "open" | "done" | null>;

  addAudit(entry: AuditEntry): Promise<void>;
  findAudit(range: TimeRange, page: ListRequest): Promise<SearchedPage<AuditEntry>>;
}
