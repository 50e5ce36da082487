import type { Attempt, Delivery, Outcome } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";

/** Told what happens on the way out, for log and metrics. Must not throw. `error` is whatever was thrown. */
export interface Observer {
  /** A try is over and what came of it is written down. */
  attempted(told: {
    destination: string;
    /** As it was before the try. */
    delivery: Delivery;
    event: Event;
    attempt: Attempt;
    outcome: Outcome;
    /** Of the destination, in a row, with this try. */
    failures: number;
    /** It was let through an open breaker. */
    probe: boolean;
  }): void;
  /** The destination's format cannot say the event, for this reason: nothing was sent, and it is parked. */
  unsupported(told: { destination: string; delivery: Delivery; event: Event; why: string }): void;
  /**
   * The lease is over; follows `attempted`. Either the try took longer, so that somebody else has the delivery now, or, where it is
   * `unclear`, the result had been written although the store failed.
   */
  leaseLost(told: {
    destination: string;
    delivery: Delivery;
    attempt: Attempt;
    outcome: Outcome;
    unclear: boolean;
  }): void;
  /** After so many failures in a row only probes are sent. `probeAt` is milliseconds since 1970. */
  breakerOpened(told: { destination: string; failures: number; probeAt: number | null }): void;
  /** The receiver answered after so many failures in a row. */
  breakerClosed(told: { destination: string; failures: number }): void;
  /** Nothing more is sent: a person said so, or it answered 410. */
  paused(told: { destination: string; reason: string }): void;
  resumed(told: { destination: string }): void;
  /** The clock was set back, and so many deliveries waited for what it had shown before; they are due now. */
  broughtForward(told: { destination: string; count: number }): void;
  /** The store could not be asked for work; it is asked again in `retryIn` milliseconds. `failures` in a row, from 1. */
  claimFailed(told: { destination: string; error: unknown; failures: number; retryIn: number }): void;
  /** What came of a try could not be written down; it is tried again. `delivery` is its id, `failures` in a row, from 1. */
  settleFailed(told: { destination: string; delivery: string; error: unknown; failures: number }): void;
  /** That a destination is paused or its breaker changed could not be written down; it is tried again. `failures` in a row, from 1. */
  keepFailed(told: { destination: string; error: unknown; failures: number }): void;
  /** At the stop, so many leases could not be given back; they run out by themselves. */
  releaseFailed(told: { destination: string; error: unknown; leases: number }): void;
  /** Something threw that nothing expects: this destination is no longer served and the process should be restarted. */
  died(told: { destination: string; error: unknown }): void;
}
