import type { Environment } from "../environment.ts";
import type { RequestTracer } from "../inbound/trace.ts";
import type { AttemptTracer } from "../outbound/trace.ts";
import type { SpanSettings } from "./event.ts";
import type { LastAttempt } from "./past-attempts.ts";
import { readTraceSettings } from "./settings.ts";

/** Spans of what the bridge does, exported in batches beside its work. */
export interface Tracing {
  requests: RequestTracer;
  attempts: AttemptTracer;
  /** Exports what is left, which may take as long as the exporter waits. */
  close(): Promise<void>;
}

export interface TracingParts {
  version: string;
  /** Of the configuration in force. */
  settings(): SpanSettings;
  lastAttempt: LastAttempt;
  /** So many spans are lost. */
  exportFailed(spans: number, error: unknown): void;
  /** A variable cannot be followed and is passed over, in a sentence. */
  misconfigured(problem: string): void;
}

/**
 * Null: the environment sets neither an endpoint nor an exporter, or switches tracing off; no package of
 * OpenTelemetry is loaded then.
 */
export async function openTracing(environment: Environment, parts: TracingParts): Promise<Tracing | null> {
  const { settings, problems } = readTraceSettings(environment);
  for (const problem of problems) parts.misconfigured(problem);
  if (settings === null) return null;
  const { createTracing } = await import("./sdk.ts");
  return createTracing(settings, parts);
}
