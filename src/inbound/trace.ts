import type { Event } from "../domain/event.ts";
import type { SpanIds } from "../domain/traceparent.ts";
import type { RequestResult } from "./reply.ts";

/** A step of the way in. */
export type TracedStep = "verify" | "read" | "record";

/** Follows requests through the way in. Must not throw, and nothing waits for it. */
export interface RequestTracer {
  /** A request of a provider to a configured channel. */
  request(request: {
    source: string;
    channel: string;
    method: string;
    /** Stands before `/in`; may be empty. */
    basePath: string;
    /** Names in lower case. */
    headers: Readonly<Record<string, string>>;
  }): RequestTrace;
  /** A stored request that is processed again. */
  reprocess(request: { source: string; channel: string; receipt: string }): RequestTrace;
}

export interface RequestTrace {
  /** Undefined: nothing is traced. */
  readonly ids: SpanIds | undefined;
  step<T>(name: TracedStep, run: () => Promise<T>): Promise<T>;
  /**
   * The creation context of a new event, as W3C Trace Context writes it: the same whenever it is asked for.
   * Undefined: nothing is traced.
   */
  readonly creationOf: ((event: string) => string) | undefined;
  /** These events are new, and on disk. Called inside the step that recorded them. */
  recorded(events: readonly Event[]): void;
  end(result: Pick<RequestResult, "outcome"> & { receipt: string | undefined }): void;
}

export const UNTRACED: RequestTrace = {
  ids: undefined,
  step: (_name, run) => run(),
  creationOf: undefined,
  recorded() {},
  end() {},
};

/** Nothing is traced. */
export const NO_REQUEST_TRACER: RequestTracer = { request: () => UNTRACED, reprocess: () => UNTRACED };
