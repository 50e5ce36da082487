import { messageOf } from "../domain/errors.ts";
import type { Acceptance } from "../inbound/accept.ts";
import type { IngressOutcome } from "../inbound/receive.ts";
import type { RejectionsObserver } from "../inbound/rejections.ts";
import type { ObserverParts } from "./observers.ts";
import { traceFields } from "./tracing.ts";

/** One line for each request, with everything that decided its outcome; never a body, a secret or a URL. */
export function observeIngress({ log, metrics, now }: ObserverParts): (outcome: IngressOutcome) => void {
  function count(source: string, { recorded }: Acceptance): void {
    if (recorded.duplicates.length > 0) metrics.duplicates(source, recorded.duplicates.length);
    for (const { type, code, time } of recorded.events) {
      metrics.recorded(source, type);
      if (type === "unknown") metrics.unmapped(source, objectLabel(code.object));
      metrics.lagged(source, "provider", (now() - Date.parse(time)) / 1_000);
    }
  }

  return ({ source, channel, outcome, duration, acceptance, reason, error, trace }) => {
    metrics.received(source, channel, outcome, duration / 1_000);
    const fields = { source, channel, outcome, durationMs: duration, ...traceFields(trace) };
    if (acceptance) {
      count(source, acceptance);
      const recorded = { ...fields, ...summaryOf(acceptance) };
      if (recorded.problems === 0) log("request.recorded", recorded);
      else log("request.partly_read", { ...recorded, reason });
    } else if (error) log("request.failed", { ...fields, reason, err: error });
    else if (outcome === "challenge") log("challenge.answered", fields);
    else log("request.refused", { ...fields, reason });
  };
}

function summaryOf({ receipt, recorded, problems }: Acceptance) {
  return {
    receiptId: receipt,
    events: recorded.events.length,
    duplicates: recorded.duplicates.length,
    problems: problems.length,
  };
}

/** Labels have few values, so other words of a payload are one. */
function objectLabel(object: string | null): string {
  if (object === null) return "unknown";
  return object === "document" || object === "signer" ? object : "other";
}

/** A flood of refused requests causes one line in this time. */
const DROPPED_EVERY_MS = 60_000;

export function observeRejections({ log, metrics, now }: ObserverParts): RejectionsObserver {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return {
    dropped(reason, count, error) {
      metrics.rejectionsDropped(reason, count);
      unlogged += count;
      const quiet = quietUntil - now();
      // More than the whole pause: the clock was set back.
      if (quiet > 0 && quiet <= DROPPED_EVERY_MS) return;
      const why = error === null ? reason : messageOf(error);
      log("rejections.dropped", { requests: unlogged, reason: why });
      quietUntil = now() + DROPPED_EVERY_MS;
      unlogged = 0;
    },
  };
}
