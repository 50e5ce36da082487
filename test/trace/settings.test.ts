import { expect } from "chai";
import { readTraceSettings } from "../../src/trace/settings.ts";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" };
const settingsOf = (environment: Record<string, string>) => {
  const { settings, problems } = readTraceSettings(environment);
  expect(problems).to.deep.equal([]);
  return settings;
};

describe("the variables of OpenTelemetry", () => {
  for (const environment of [
    {},
    { OTEL_SERVICE_NAME: "bridge", OTEL_TRACES_SAMPLER: "always_on" },
    { OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_TRACES_EXPORTER: " " },
    { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://collector:4318" },
    { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" },
    { ...ENDPOINT, OTEL_SDK_DISABLED: "TRUE" },
    { OTEL_TRACES_EXPORTER: "console", OTEL_SDK_DISABLED: "true" },
  ])
    it(`trace nothing with ${JSON.stringify(environment)}`, () => {
      expect(settingsOf(environment)).to.equal(null);
    });

  for (const [environment, exporter] of [
    [ENDPOINT, "otlp"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector:4318/v1/traces" }, "otlp"],
    [{ OTEL_TRACES_EXPORTER: "otlp" }, "otlp"],
    [{ OTEL_TRACES_EXPORTER: "console" }, "console"],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: "false", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, "otlp"],
  ] as const)
    it(`trace to ${exporter} with ${JSON.stringify(environment)}`, () => {
      expect(settingsOf(environment)).to.deep.include({
        exporter,
        sampler: { name: "parentbased_always_on", ratio: 1 },
        propagates: true,
      });
    });

  it("set sampler, propagators and batches", () => {
    const settings = settingsOf({
      ...ENDPOINT,
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_PROPAGATORS: "baggage, tracecontext",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_BSP_EXPORT_TIMEOUT: "200",
      OTEL_BSP_MAX_QUEUE_SIZE: "300",
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "40",
    });
    expect(settings).to.deep.include({
      sampler: { name: "parentbased_traceidratio", ratio: 0.25 },
      propagates: true,
      batch: {
        scheduledDelayMillis: 100,
        exportTimeoutMillis: 200,
        maxQueueSize: 300,
        maxExportBatchSize: 40,
      },
    });
    for (const OTEL_PROPAGATORS of ["none", "baggage"])
      expect(settingsOf({ ...ENDPOINT, OTEL_PROPAGATORS })).to.include({ propagates: false });
  });

  for (const [environment, words] of [
    [
      { OTEL_TRACES_EXPORTER: "zipkin" },
      'OTEL_TRACES_EXPORTER is "zipkin": known are otlp, console, none; nothing is traced',
    ],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" },
      "OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL, such as http://collector:4318; nothing",
    ],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "//user:hush@collector" },
      "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an http or https URL",
    ],
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      'OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": known are http/protobuf; nothing',
    ],
    [{ OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json" }, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is"],
  ] as const)
    it(`trace nothing and say why with ${JSON.stringify(environment)}`, () => {
      const { settings, problems } = readTraceSettings({ ...ENDPOINT, ...environment });
      expect(settings).to.equal(null);
      expect(problems.join("\n")).to.include(words).and.not.include("hush");
    });

  for (const [environment, words] of [
    [{ OTEL_TRACES_SAMPLER: "jaeger_remote" }, "parentbased_always_on is used"],
    [{ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "2" }, "must be a number from 0 to 1"],
    [{ OTEL_PROPAGATORS: "tracecontext,b3" }, 'OTEL_PROPAGATORS names "b3"'],
    [{ OTEL_BSP_SCHEDULE_DELAY: "soon" }, "its default is used"],
    [{ OTEL_BSP_MAX_QUEUE_SIZE: "0" }, "must be a number from 1 to"],
  ] as const)
    it(`pass over a value that cannot be followed, and say so: ${JSON.stringify(environment)}`, () => {
      const { settings, problems } = readTraceSettings({ ...ENDPOINT, ...environment });
      expect(problems).to.have.length(1);
      expect(problems[0]).to.include(words);
      expect(settings).to.deep.include({ exporter: "otlp", propagates: true });
    });
});
