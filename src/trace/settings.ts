import type { Environment } from "../environment.ts";

/**
 * The variables of OpenTelemetry that Countersign reads. Where to export to (`OTEL_EXPORTER_OTLP_…`) is read
 * by the exporter itself. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export interface TraceSettings {
  exporter: "otlp" | "console";
  sampler: { name: SamplerName; ratio: number };
  /** Whether `traceparent` headers are linked and sent. */
  propagates: boolean;
  /** In milliseconds and spans; undefined: the default of the processor. */
  batch: {
    scheduledDelayMillis?: number | undefined;
    exportTimeoutMillis?: number | undefined;
    maxQueueSize?: number | undefined;
    maxExportBatchSize?: number | undefined;
  };
}

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** The settings, and a sentence for each value that cannot be followed and is passed over. */
export interface ReadTraceSettings {
  /** Null: nothing is traced. */
  settings: TraceSettings | null;
  problems: readonly string[];
}

export function readTraceSettings(environment: Environment): ReadTraceSettings {
  const problems: string[] = [];
  const reader = createReader(environment, (problem) => void problems.push(problem));
  const exporter = exporterOf(reader);
  if (exporter === null) return { settings: null, problems };
  const settings: TraceSettings = {
    exporter,
    sampler: samplerOf(reader),
    propagates: propagates(reader),
    batch: {
      scheduledDelayMillis: reader.number("OTEL_BSP_SCHEDULE_DELAY", { least: 0 }),
      exportTimeoutMillis: reader.number("OTEL_BSP_EXPORT_TIMEOUT", { least: 1 }),
      maxQueueSize: reader.number("OTEL_BSP_MAX_QUEUE_SIZE", { least: 1 }),
      maxExportBatchSize: reader.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", { least: 1 }),
    },
  };
  return { settings, problems };
}

interface Reader {
  /** Undefined: it is not set, or empty. */
  text(name: string): string | undefined;
  /** The same in lower case; undefined, with a problem, where it is none of the words. */
  word<const T extends string>(name: string, words: readonly T[], otherwise: string): T | undefined;
  number(name: string, range: { least: number; most?: number }): number | undefined;
  complain(problem: string): void;
}

function createReader(environment: Environment, complain: (problem: string) => void): Reader {
  const text = (name: string) => environment[name]?.trim() || undefined;
  return {
    text,
    word(name, words, otherwise) {
      const given = text(name);
      const found = words.find((word) => word === given?.toLowerCase());
      if (given !== undefined && found === undefined)
        complain(`${name} is ${JSON.stringify(given)}: known are ${words.join(", ")}; ${otherwise}`);
      return found;
    },
    number(name, { least, most = 2 ** 31 - 1 }) {
      const given = text(name);
      if (given === undefined) return undefined;
      const value = Number(given);
      if (value >= least && value <= most) return value;
      complain(
        `${name} is ${JSON.stringify(given)}: it must be a number from ${least} to ${most}; its default is used`,
      );
      return undefined;
    },
    complain,
  };
}

/** On only where an endpoint or an exporter is set: no other variable sends anything anywhere. */
function exporterOf(reader: Reader): TraceSettings["exporter"] | null {
  if (reader.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return null;
  const named = reader.text("OTEL_TRACES_EXPORTER");
  const endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"].filter(
    (name) => reader.text(name) !== undefined,
  );
  if (named === undefined && endpoints.length === 0) return null;
  const word = reader.word("OTEL_TRACES_EXPORTER", ["otlp", "console", "none"], "nothing is traced");
  const exporter = named === undefined ? "otlp" : word;
  if (exporter === undefined || exporter === "none") return null;
  if (exporter === "console") return exporter;
  return areUrls(endpoints, reader) && speaksProtobuf(reader) ? exporter : null;
}

/** The exporter would send to a default address instead. A wrong value is not shown: it may hold a token. */
function areUrls(names: readonly string[], reader: Reader): boolean {
  const wrong = names.filter((name) => {
    const text = reader.text(name) ?? "";
    return !URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol);
  });
  for (const name of wrong)
    reader.complain(`${name} must be an http or https URL, such as http://collector:4318; nothing is traced`);
  return wrong.length === 0;
}

function speaksProtobuf(reader: Reader): boolean {
  const name = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"].find(
    (one) => reader.text(one) !== undefined,
  );
  if (name === undefined) return true;
  return reader.word(name, ["http/protobuf"], "nothing is traced") !== undefined;
}

function samplerOf(reader: Reader): TraceSettings["sampler"] {
  const otherwise = "parentbased_always_on is used";
  const name = reader.word("OTEL_TRACES_SAMPLER", SAMPLERS, otherwise) ?? "parentbased_always_on";
  const ratio = name.endsWith("traceidratio")
    ? reader.number("OTEL_TRACES_SAMPLER_ARG", { least: 0, most: 1 })
    : undefined;
  return { name, ratio: ratio ?? 1 };
}

/** Baggage is neither read nor sent: that of a stranger is nobody else's business. */
const PROPAGATORS = ["tracecontext", "baggage", "none"];

function propagates(reader: Reader): boolean {
  const given = reader.text("OTEL_PROPAGATORS");
  if (given === undefined) return true;
  const names = given.split(",").map((name) => name.trim().toLowerCase());
  for (const name of names)
    if (!PROPAGATORS.includes(name))
      reader.complain(
        `OTEL_PROPAGATORS names ${JSON.stringify(name)}: known are ${PROPAGATORS.join(", ")}; it is passed over`,
      );
  return names.includes("tracecontext");
}
