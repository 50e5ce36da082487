import type { Attempt, Delivery, Outcome } from "../domain/delivery.ts";
import type { Event } from "../domain/event.ts";
import type { SpanIds } from "../domain/traceparent.ts";

/** Notified of what happens to deliveries, for log and metrics. Must not throw. `error` is as thrown. */
export interface Observer {
  /** An attempt is over and its result is stored. */
  attempted(info: {
    destination: string;
    /** As it was before the attempt. */
    delivery: Delivery;
    event: Event;
    attempt: Attempt;
    outcome: Outcome;
    /** Of the destination, in a row, with this attempt. */
    failures: number;
    /** The delivery went through an open breaker. */
    probe: boolean;
    /** Of the attempt; absent: nothing is traced. */
    trace?: SpanIds | undefined;
  }): void;
  /** The destination's format does not support the event: nothing was sent, and the delivery is parked. */
  unsupported(info: { destination: string; delivery: Delivery; event: Event; why: string }): void;
  /**
   * Follows `attempted` when the lease was no longer valid. The attempt took longer than its lease, so the
   * delivery is leased again; or, if `unclear`, the store had failed and may have stored the result before.
   */
  leaseLost(info: {
    destination: string;
    delivery: Delivery;
    attempt: Attempt;
    outcome: Outcome;
    unclear: boolean;
  }): void;
  /**
   * From now on only probes are sent. `failures` in a row; `failing`: what failed last, absent: the
   * destination; `probeAt` in milliseconds since 1970.
   */
  breakerOpened(info: {
    destination: string;
    failures: number;
    failing?: "token_endpoint" | undefined;
    probeAt: number | null;
  }): void;
  /** The receiver answered. `failures` in a row before that. */
  breakerClosed(info: { destination: string; failures: number }): void;
  /** Nothing more is sent: an operator paused the destination, or it answered 410. */
  paused(info: { destination: string; reason: string }): void;
  resumed(info: { destination: string }): void;
  /** The clock was set back; `count` deliveries had a due time of the clock before, and are due now. */
  broughtForward(info: { destination: string; count: number }): void;
  /** A poll failed; the next one is in `retryIn` milliseconds. `failures` in a row, from 1. */
  claimFailed(info: { destination: string; error: unknown; failures: number; retryIn: number }): void;
  /** A result could not be stored; the write is retried. `delivery` is an id, `failures` in a row from 1. */
  settleFailed(info: { destination: string; delivery: string; error: unknown; failures: number }): void;
  /** A destination's pause or breaker could not be saved and will be retried. `failures` in a row, from 1. */
  keepFailed(info: { destination: string; error: unknown; failures: number }): void;
  /** At a stop, leases could not be released; they expire by themselves. `leases` is their number. */
  releaseFailed(info: { destination: string; error: unknown; leases: number }): void;
  /** An unexpected error ended the worker: its destination gets nothing more until the process restarts. */
  died(info: { destination: string; error: unknown }): void;
}
