import { messageOf } from "../domain/errors.ts";
import type { SpanIds } from "../domain/traceparent.ts";
import type { ObserverParts } from "./observers.ts";

export interface TracingObserver {
  /** A variable of OpenTelemetry cannot be followed, in a sentence. */
  misconfigured(problem: string): void;
  /** So many spans could not be exported, and are lost. */
  exportFailed(spans: number, error: unknown): void;
}

/** While a collector is away, there is one line in this time. */
const FAILED_EVERY_MS = 60_000;

export function observeTracing({ log, now }: ObserverParts): TracingObserver {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let unlogged = 0;
  return {
    misconfigured: (reason) => log("traces.misconfigured", { reason }),
    exportFailed(spans, error) {
      unlogged += spans;
      const quiet = quietUntil - now();
      // More than the whole pause: the clock was set back.
      if (quiet > 0 && quiet <= FAILED_EVERY_MS) return;
      log("traces.unexported", { spans: unlogged, reason: messageOf(error) || "no answer in time" });
      quietUntil = now() + FAILED_EVERY_MS;
      unlogged = 0;
    },
  };
}

/** The fields that lead from a line to its trace; left out of the line where nothing is traced. */
export function traceFields(ids: SpanIds | undefined) {
  return { trace_id: ids?.traceId, span_id: ids?.spanId };
}
