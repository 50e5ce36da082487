import type { Attempt, Delivery, Outcome } from "../../domain/delivery.ts";
import type { Event } from "../../domain/event.ts";
import type { DestinationState } from "./control.ts";

/** A delivery leased to a worker, with the event to send. It ends by itself. */
export interface Lease {
  delivery: Delivery;
  event: Event;
  /** The event's creation context, as W3C Trace Context writes it; absent: its recording was not traced. */
  traceparent?: string | undefined;
  /** The lease's name and proof: `settle` and `release` need it. */
  token: string;
  /**
   * Where a batch was asked for: the deliveries that go in the same post, in order. They are held behind the
   * leased one, so that no other claim can get them.
   */
  followers?: readonly Follower[];
}

/** `token`: with the lease's own it settles the delivery. */
export type Follower = Pick<Lease, "delivery" | "event" | "token">;

/** Which deliveries go together. */
export interface BatchRule {
  /** Those that were recorded in the same period of so many milliseconds since 1970. */
  period: number;
  /** At most this many, the leased one included. */
  limit: number;
}

/** How many deliveries of a destination may be in flight, over all nodes. */
export interface Capacity {
  limit: number;
  /** An attempt is over this long before its lease ends, in milliseconds, so such a lease does not count. */
  settleMargin: number;
  /** Leases of this worker whose attempt is over and only waits for `settle`. They do not count. */
  finished: readonly Lease[];
}

export interface ClaimRequest {
  destination: string;
  /** At most this many leases. */
  limit: number;
  /** Milliseconds since 1970, as `until`. */
  now: number;
  /** When the leases end. */
  until: number;
  /** The lease tests whether the receiver is back although the breaker is open; default false. */
  probe?: boolean;
  /** Default: unlimited. */
  capacity?: Capacity;
  /** Each lease brings the deliveries that go in the same post; default: it is posted alone. */
  batch?: BatchRule | undefined;
}

/** The result of a lease. */
export interface Settlement {
  /** Of the lease. */
  token: string;
  /** Null: nothing was sent, so no attempt is counted. */
  attempt: Attempt | null;
  outcome: Outcome;
  /** The tokens of the lease's followers that the attempt was about as well: the result is theirs, too. */
  followers?: readonly string[];
  /** When, milliseconds since 1970: a probe that was not sent makes way for another from then on. */
  at: number;
}

/** Notifications from the nodes that share a store. */
export interface StoreEvents {
  /**
   * Another node has committed deliveries that are due for these destinations. Without names: the connection
   * to the other nodes was lost, so any destination may have work.
   */
  workDue(destinations?: readonly string[]): void;
  /** The states of all destinations: at first, after each change by any node, and after a lost connection. */
  stateChanged(states: readonly DestinationState[]): void;
  /**
   * How many nodes are connected, this one included: at first, and after each change. A lost node counts for
   * a moment.
   */
  nodeCountChanged(count: number): void;
  /** Nodes have ended without leaving, and hold leases perhaps: `endLeases` ends them. */
  nodesDied(): void;
}

/** What goes out: deliveries in lanes, leased one of a lane at a time. */
export interface Queue {
  /**
   * Only in a store that several nodes can share. From now on `events` is notified, and nothing that
   * subscribed before, beginning with the present state. From the first call until `close`, or until its
   * connection is lost, this node is counted.
   */
  subscribe?(events: StoreEvents): void;

  /**
   * Ends the leases of processes that are dead: their deliveries are due at `now`, and no attempt is counted.
   * In a store that one process owns these are all leases there are, so it is to be called before the first
   * claim, and then never; where nodes share a store, after each `nodesDied`. Returns their number.
   */
  endLeases(now: number): Promise<number>;

  /**
   * Leases deliveries that are due at `now`, earliest first, and of one due time in the order recorded. At
   * most one of a lane is leased at a time. A lease that is not settled is due again at `until`, whatever
   * becomes of its holder.
   *
   * With `batch` a lease has followers: those next to it in its lane, up to the first that was recorded in
   * another period. The first claim closes the batch: from then on it has the same deliveries at every
   * attempt, whatever is recorded since, also after a crash.
   *
   * A store that has `subscribe` enforces the destination's saved state for all nodes, also for one that has
   * not heard of it yet: while the destination is paused nothing is leased; while its breaker is open one
   * `probe` is leased once `probeAt` has come, which moves `probeAt` to `until`; and all claims together stay
   * within `capacity`. A store with one process leaves all three to that process.
   */
  claim(request: ClaimRequest): Promise<readonly Lease[]>;

  /**
   * Stores the result of an attempt and, when the delivery is final, makes the next of its lane pending.
   * Atomic, with all followers that are still held. False: the token is not that of the newest lease, so the
   * delivery is leased again or final; nothing was written.
   */
  settle(settlement: Settlement): Promise<boolean>;

  /**
   * Ends leases without an attempt: the deliveries are due at once, and no attempt is counted. After a probe
   * another probe may start at once. Outdated tokens are ignored.
   */
  release(leases: readonly Lease[], now: number): Promise<void>;

  /**
   * Corrects due times after the clock was set back: an open delivery that was recorded, last attempted or
   * leased later than `now` is due at once, or as soon as its turn in its lane comes, and its lease is over.
   * Leases end at the latest `lease` milliseconds from `now`, and so does the wait before a probe. Returns
   * the number of deliveries changed.
   *
   * `seen` false: the step back was not observed, the clock only may have been ahead before this start. A
   * store that nodes share then compares with the database's clock as well, and ignores what is less than a
   * minute ahead, since the clocks of nodes differ.
   */
  bringForward(request: { destination: string; now: number; lease: number; seen?: boolean }): Promise<number>;

  /**
   * Parks an open delivery with the reason `skipped`, and makes the next of its lane pending. Without a
   * change: `leased`: it is leased at `now`, so its attempt must end first; `final`: it is delivered or
   * parked; null: there is no delivery with this id.
   */
  skip(delivery: string, now: number): Promise<"skipped" | "leased" | "final" | null>;

  /**
   * When the earliest pending delivery of the destination is due, milliseconds since 1970 (of a leased one:
   * when the lease ends); null: none is pending.
   */
  nextDueAt(destination: string): Promise<number | null>;

  /**
   * Parks every open delivery to a destination that is not among `names`, with the reason
   * `destination_removed`. Returns their number. `now`: milliseconds since 1970.
   */
  parkRemoved(names: readonly string[], now: number): Promise<number>;
}
