import { DiagLogLevel, diag, type Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import { createAttemptTracer } from "./attempts.ts";
import type { SpanSettings } from "./event.ts";
import { createIds, type Ids } from "./ids.ts";
import type { Tracing, TracingParts } from "./open.ts";
import { createRequestTracer } from "./requests.ts";
import type { TraceSettings } from "./settings.ts";

/** What makes spans of what happens. */
export interface TracerParts {
  tracer: Tracer;
  ids: Ids;
  /** For ids that are given away before their span starts. */
  random: Pick<RandomIdGenerator, "generateSpanId">;
  /** Whether `traceparent` headers are linked and sent. */
  propagates: boolean;
  settings(): SpanSettings;
}

/** The only file that makes parts of the OpenTelemetry SDK; `open.ts` loads it where tracing is on. */
export function createTracing(settings: TraceSettings, parts: TracingParts): Tracing {
  const { version, exportFailed, lastAttempt } = parts;
  const stopListening = listenToWarnings(parts.misconfigured);
  const ids = createIds();
  const exporter = settings.exporter === "otlp" ? new OTLPTraceExporter() : new ConsoleSpanExporter();
  const own = { [ATTR_SERVICE_NAME]: "countersign", [ATTR_SERVICE_VERSION]: version };
  const provider = new TracerProvider({
    resource: resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: reporting(exporter, exportFailed),
        ...withoutAbsent(settings.batch),
      }),
    ],
    idGenerator: ids,
  });
  stopListening();
  listenToWarnings((warning) => {
    const [, dropped] = /^Dropped (\d+) spans/.exec(warning) ?? [];
    if (dropped !== undefined) exportFailed(Number(dropped), new Error("the queue of spans was full"));
  });
  const tracer = provider.getTracer("countersign", version);
  const { propagates } = settings;
  const common = { tracer, ids, random: new RandomIdGenerator(), propagates, settings: parts.settings };
  return {
    requests: createRequestTracer(common),
    attempts: createAttemptTracer({ ...common, lastAttempt }),
    close: () => provider.shutdown().catch(() => {}), // reported by the exporter
  };
}

function samplerOf({ name, ratio }: TraceSettings["sampler"]): Sampler {
  const root = name.endsWith("always_on")
    ? new AlwaysOnSampler()
    : name.endsWith("always_off")
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith("parentbased") ? new ParentBasedSampler({ root }) : root;
}

/** What the SDK would pass over in silence: a file that cannot be read, spans that have no room. */
function listenToWarnings(listen: (warning: string) => void): () => void {
  const ignore = () => {};
  const logger = { warn: listen, error: ignore, info: ignore, debug: ignore, verbose: ignore };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return () => diag.disable();
}

/** The processor passes over a failed export in silence. */
function reporting(exporter: SpanExporter, failed: TracingParts["exportFailed"]): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error) failed(spans.length, result.error);
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

function withoutAbsent<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
