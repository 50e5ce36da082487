import type { Attempt, Outcome } from "../domain/delivery.ts";
import type { SpanIds } from "../domain/traceparent.ts";
import type { Lease } from "../store/port/queue.ts";
import type { Destination } from "./destination.ts";

/** Follows the attempts of this process. Must not throw, and nothing waits for it. */
export interface AttemptTracer {
  begin(attempt: { destination: Destination; lease: Lease; probe: boolean }): AttemptTrace;
}

export interface AttemptTrace {
  /** Called once the event is encoded, with the attempt's start; returns further headers of the post. */
  start(startedAt: number): Readonly<Record<string, string>>;
  /** Undefined before `start`, and where nothing is traced. */
  readonly ids: SpanIds | undefined;
  /** Null: a stop interrupted the attempt, and nothing is recorded. */
  end(attempt: Attempt, outcome: Outcome | null): void;
}

const UNTRACED: AttemptTrace = { start: () => ({}), ids: undefined, end() {} };

/** Nothing is traced. */
export const NO_ATTEMPT_TRACER: AttemptTracer = { begin: () => UNTRACED };
