import type { Attempt, Delivery, Outcome } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";

/** For log and metrics: it only observes, and must not throw. `error` is whatever was thrown. */
export interface Observer {
  /** An attempt is over and its result is stored. */
  attempted(told: {
    destination: string;
    /** The delivery before the attempt. */
    delivery: Delivery;
    event: Event;
    attempt: Attempt;
    outcome: Outcome;
    /** Consecutive failures of the destination, including this attempt. */
    failures: number;
    /** Whether the attempt was let through an open circuit breaker. */
    probe: boolean;
  }): void;
  /**
   * The destination's format does not support the event; `why` says more. Nothing was sent, and the delivery
   * is parked.
   */
  unsupported(told: { destination: string; delivery: Delivery; event: Event; why: string }): void;
  /**
   * The lease was lost; follows `attempted`. Either the attempt outlasted its lease and the delivery was
   * leased again, or, when `unclear`, the store failed and the result may be stored all the same.
   */
  leaseLost(told: {
    destination: string;
    delivery: Delivery;
    attempt: Attempt;
    outcome: Outcome;
    unclear: boolean;
  }): void;
  /**
   * After `failures` consecutive failures only probes are sent, the next at `probeAt`, milliseconds since
   * 1970.
   */
  breakerOpened(told: { destination: string; failures: number; probeAt: number | null }): void;
  /** The receiver answered after `failures` consecutive failures. */
  breakerClosed(told: { destination: string; failures: number }): void;
  /** Nothing more is sent: an operator paused the destination, or it answered 410. */
  paused(told: { destination: string; reason: string }): void;
  resumed(told: { destination: string }): void;
  /** The clock was set back. `count` deliveries waited for times of the clock before; they are due now. */
  broughtForward(told: { destination: string; count: number }): void;
  /**
   * No deliveries could be leased; the store is asked again in `retryIn` milliseconds. `failures` in a row,
   * from 1.
   */
  claimFailed(told: { destination: string; error: unknown; failures: number; retryIn: number }): void;
  /**
   * The result of an attempt could not be stored; the write is repeated. `delivery` is the id, `failures` in
   * a row, from 1.
   */
  settleFailed(told: { destination: string; delivery: string; error: unknown; failures: number }): void;
  /** A pause or a breaker's state could not be stored; the write is repeated. `failures` in a row, from 1. */
  keepFailed(told: { destination: string; error: unknown; failures: number }): void;
  /** At the stop, `leases` leases could not be released; they expire by themselves. */
  releaseFailed(told: { destination: string; error: unknown; leases: number }): void;
  /** An unexpected error ended the destination's worker. */
  died(told: { destination: string; error: unknown }): void;
}
