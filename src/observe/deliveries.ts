import type { Delivery } from "../domain/delivery.ts";
import { messageOf } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import type { Observer } from "../outbound/observe.ts";
import type { ObserverParts } from "./observers.ts";
import { traceFields } from "./tracing.ts";

/**
 * One line for each attempt, with everything that decided its outcome; never an answer's body, a secret or a
 * URL.
 */
export function observeDeliveries({ log, metrics, now }: ObserverParts): Observer {
  return {
    attempted({ destination, delivery, event, attempt, outcome, failures, probe, trace }) {
      const { number, cause, status, duration, retryAfter } = attempt;
      metrics.attempted(destination, outcome.status, duration / 1_000);
      const fields = {
        ...idsOf(destination, delivery, event),
        attempt: number,
        replayed: delivery.replayedAfter !== null,
        probe,
        cause,
        status,
        durationMs: duration,
        failures,
        ...traceFields(trace),
      };
      if (outcome.status === "delivered") {
        metrics.lagged(event.source, "bridge", (now() - Date.parse(event.recordedAt)) / 1_000);
        log("delivery.delivered", fields);
      } else if (outcome.status === "pending") {
        const nextAttemptAt = new Date(outcome.dueAt).toISOString();
        log("delivery.failed", { ...fields, retryAfterMs: retryAfter, nextAttemptAt });
      } else {
        metrics.parked(destination, outcome.reason);
        log("delivery.parked", { ...fields, reason: outcome.reason });
      }
    },
    unsupported({ destination, delivery, event, why }) {
      const reason = "unsupported_by_format";
      metrics.parked(destination, reason);
      log("delivery.unsupported", { ...idsOf(destination, delivery, event), reason, detail: why });
    },
    leaseLost({ destination, delivery, unclear }) {
      log(unclear ? "result.unconfirmed" : "lease.expired", { destination, deliveryId: delivery.id });
    },
    breakerOpened({ destination, failures, failing, probeAt }) {
      const at = probeAt === null ? null : new Date(probeAt).toISOString();
      log("breaker.opened", { destination, failures, failing, probeAt: at });
    },
    breakerClosed({ destination, failures }) {
      log("breaker.closed", { destination, failures });
    },
    paused({ destination, reason }) {
      log("destination.paused", { destination, reason });
    },
    resumed({ destination }) {
      log("destination.resumed", { destination });
    },
    broughtForward({ destination, count }) {
      log("deliveries.brought_forward", { destination, deliveries: count });
    },
    claimFailed({ destination, error, failures, retryIn }) {
      log("claim.failed", { destination, failures, retryInMs: retryIn, reason: messageOf(error) });
    },
    settleFailed({ destination, delivery, error, failures }) {
      log("settle.failed", { destination, deliveryId: delivery, failures, reason: messageOf(error) });
    },
    keepFailed({ destination, error, failures }) {
      log("state.unsaved", { destination, failures, reason: messageOf(error) });
    },
    releaseFailed({ destination, error, leases }) {
      log("release.failed", { destination, leases, reason: messageOf(error) });
    },
    died({ destination, error }) {
      log("worker.died", { destination, err: error });
    },
  };
}

function idsOf(destination: string, delivery: Delivery, { id, type }: Event) {
  return { destination, deliveryId: delivery.id, eventId: id, type };
}
