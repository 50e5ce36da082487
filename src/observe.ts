import type { Logger } from "pino";
import { messageOf } from "./domain/errors.ts";
import type { IngressOutcome } from "./inbound/receive.ts";
import type { RejectionsObserver } from "./inbound/rejections.ts";
import type { Observer } from "./outbound/observe.ts";
import type { PruningObserver } from "./retention.ts";
import type { Metrics } from "./web/metrics.ts";

/**
 * What is said of what happens: one log line a request and a try, with every field that decided, and the metrics beside it.
 * No bodies, no secrets, no URLs.
 */

interface Parts {
  logger: Logger;
  metrics: Metrics;
  /** Milliseconds since 1970. */
  now(): number;
}

export function observeIngress({
  logger,
  metrics,
  now,
  wake,
}: Parts & { wake(destinations?: readonly string[]): void }) {
  return ({ source, channel, outcome, duration, acceptance, reason, error }: IngressOutcome): void => {
    metrics.received(source, channel, outcome, duration / 1_000);
    const fields = { source, channel, outcome, ms: duration };
    if (error) {
      logger.error({ ...fields, reason, err: error }, "a request could not be kept");
      // Of a long batch a part may have been.
      wake();
    } else if (outcome === "challenge") logger.info(fields, "a challenge was answered");
    else if (!acceptance) logger.warn({ ...fields, reason }, "a request was refused");
    if (!acceptance) return;

    const { receipt, recorded, problems } = acceptance;
    wake(recorded.destinations);
    if (recorded.duplicates.length > 0) metrics.duplicates(source, recorded.duplicates.length);
    for (const { type, code, time } of recorded.events) {
      metrics.recorded(source, type);
      if (type === "unknown") metrics.unmapped(source, objectLabel(code.object));
      metrics.lagged(source, "provider", (now() - Date.parse(time)) / 1_000);
    }
    const counts = {
      events: recorded.events.length,
      duplicates: recorded.duplicates.length,
      problems: problems.length,
    };
    const line = { ...fields, receipt, ...counts, ...(reason === null ? {} : { reason }) };
    if (problems.length > 0) logger.warn(line, "a request was kept, but not all of it could be read");
    else logger.info(line, "a request was kept");
  };
}

/** A label is one of few: what the payload says otherwise is not for metrics. */
function objectLabel(object: string | null): string {
  if (object === null) return "unknown";
  return object === "document" || object === "signer" ? object : "other";
}

/** A flood of refused requests is one line in so many milliseconds. */
const DROPPED_EVERY_MS = 60_000;

export function observeRejections({ logger, metrics, now }: Parts): RejectionsObserver {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return {
    dropped(reason, count, error) {
      metrics.rejectionsDropped(reason, count);
      unsaid += count;
      const quiet = quietUntil - now();
      // More than the whole pause: the clock was set back.
      if (quiet > 0 && quiet <= DROPPED_EVERY_MS) return;
      logger.warn(
        { event: "rejections.dropped", count: unsaid, reason: error === null ? reason : messageOf(error) },
        "refused requests were answered, but are not kept; they cannot be looked at or read again",
      );
      quietUntil = now() + DROPPED_EVERY_MS;
      unsaid = 0;
    },
  };
}

export function observeAttempts({ logger, metrics, now, died }: Parts & { died(): void }): Observer {
  return {
    attempted({ destination, delivery, event, attempt, outcome, failures, probe }) {
      metrics.attempted(destination, outcome.status, attempt.duration / 1_000);
      if (outcome.status === "parked") metrics.parked(destination, outcome.reason);
      if (outcome.status === "delivered")
        metrics.lagged(event.source, "bridge", (now() - Date.parse(event.recordedAt)) / 1_000);
      const { number, cause, status, duration, retryAfter } = attempt;
      const fields = {
        destination,
        delivery: delivery.id,
        event: event.id,
        type: event.type,
        try: number,
        replayed: delivery.replayedAfter !== null,
        probe,
        cause,
        status,
        ms: duration,
        failures,
      };
      if (outcome.status === "delivered") logger.info(fields, "delivered");
      else if (outcome.status === "pending") {
        logger.warn(
          { ...fields, retryAfter, next: new Date(outcome.dueAt).toISOString() },
          "not delivered; it will be tried again",
        );
      } else logger.error({ ...fields, reason: outcome.reason }, "not delivered; it is parked");
    },
    unsupported({ destination, delivery, event: { id, type }, why }) {
      const reason = "unsupported_by_format";
      metrics.parked(destination, reason);
      const fields = { destination, delivery: delivery.id, event: id, type, reason, why };
      logger.error(fields, "not sent, since the destination's format cannot say it; it is parked");
    },
    leaseLost({ destination, delivery, unclear }) {
      logger.warn(
        { destination, delivery: delivery.id },
        unclear
          ? "the result of a try was written although the store failed, or its lease ended meanwhile and it is tried again"
          : "a try took longer than its lease; somebody else has the delivery now",
      );
    },
    breakerOpened({ destination, failures, probeAt }) {
      const probe = probeAt === null ? null : new Date(probeAt).toISOString();
      logger.error(
        { destination, failures, probe },
        "it fails again and again; from now on only probes are sent",
      );
    },
    breakerClosed({ destination, failures }) {
      logger.info({ destination, failures }, "it answers again; everything is sent as before");
    },
    paused({ destination, reason }) {
      logger.warn({ destination, reason }, "paused; nothing is sent until it is resumed");
    },
    resumed({ destination }) {
      logger.info({ destination }, "resumed");
    },
    broughtForward({ destination, count }) {
      logger.warn(
        { destination, deliveries: count },
        "the clock was set back; what waited for a later time is due now",
      );
    },
    claimFailed({ destination, error, failures, retryIn }) {
      logger.error(
        { destination, failures, retryIn, reason: messageOf(error) },
        "the store cannot be asked for work",
      );
    },
    settleFailed({ destination, delivery, error, failures }) {
      logger.error(
        { destination, delivery, failures, reason: messageOf(error) },
        "what came of a try cannot be written down yet",
      );
    },
    keepFailed({ destination, error, failures }) {
      logger.error(
        { destination, failures, reason: messageOf(error) },
        "how the destination stands cannot be written down yet",
      );
    },
    releaseFailed({ destination, error, leases }) {
      logger.warn(
        { destination, leases, reason: messageOf(error) },
        "leases could not be given back; they run out by themselves",
      );
    },
    died({ destination, error }) {
      logger.fatal({ destination, err: error }, "a destination's loop died; the process must be restarted");
      died();
    },
  };
}

export function observePruning({
  logger,
  metrics,
  died,
}: Pick<Parts, "logger" | "metrics"> & { died(): void }): PruningObserver {
  return {
    removed(table, count) {
      metrics.pruned(table, count);
    },
    rounded(pruned, duration) {
      logger.info({ pruned, ms: duration }, "what was kept long enough is removed");
    },
    away(error) {
      logger.warn(
        { reason: messageOf(error) },
        "the store cannot be pruned now; the next round is in an hour",
      );
    },
    died(error) {
      logger.fatal({ err: error }, "pruning died; the process must be restarted");
      died();
    },
  };
}
