import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { pino } from "pino";
import { parseConfig } from "../../src/config.ts";
import {
  aFolder,
  type Bridge,
  configText,
  FORM,
  LUMIN_KEY,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { only } from "../support/only.ts";
import { until } from "../support/until.ts";
import { type CollectedSpan, type Collector, startCollector } from "./collector.ts";

/** Whole bridges, whose spans a collector gets over OTLP. */

const MINUTE = 60_000;

const VARIABLES = [
  "OTEL_EXPORTER_OTLP_CERTIFICATE",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_SERVICE_NAME",
];

const PERSON = { name: "Ada Example", email: "ada@example.com" };
const requestOf = (id: string, type: string, time = 1_700_000_000_000) =>
  JSON.stringify({
    event: { event_type: `signature_request_${type}`, event_time: time },
    signature_request: {
      signature_request_id: id,
      title: "Secret contract",
      signers: [{ ...PERSON, email_address: PERSON.email }],
    },
  });

describe("traces", function () {
  this.timeout(20_000);
  let clock: ManualClock;
  let collector: Collector;
  let lines: string[];
  beforeEach(async () => {
    clock = createManualClock(Date.now());
    collector = await startCollector();
    lines = [];
  });
  afterEach(async () => {
    await tidy();
    for (const name of VARIABLES) delete process.env[name];
  });

  const text = (url: string, rest = "", more = "") =>
    configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }\n${more}`);

  /** A bridge that exports after each millisecond. Where to, the exporter reads in `process.env`. */
  async function start(
    given: string,
    {
      folder = aFolder(),
      environment = {},
      room = "",
    }: { folder?: string; environment?: Record<string, string>; room?: string } = {},
  ): Promise<Bridge> {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...environment };
    const queue = { OTEL_BSP_MAX_QUEUE_SIZE: room, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: room };
    Object.assign(process.env, variables);
    return startBridge(given, {
      ...{
        folder,
        clock,
        environment: { ...variables, OTEL_BSP_SCHEDULE_DELAY: "1", ...queue },
      },
      logger: pino({ level: "info" }, { write: (line) => void lines.push(line) }),
      load: () => parseConfig(given, `${folder}/countersign.yaml`, {}),
    });
  }
  const send = async (bridge: Bridge, body: string, headers: Record<string, string> = {}) => {
    const answer = await bridge.post("/in/lumin/account", body, { ...signedByLumin(body), ...headers });
    expect(answer.status).to.equal(200);
    return answer.body;
  };
  const named = (name: string) => collector.spans.filter((span) => span.name.startsWith(name));
  const idsOf = ({ traceId, spanId }: CollectedSpan) => ({ traceId, spanId });
  const traceparent = ({ traceId, spanId }: CollectedSpan) => `00-${traceId}-${spanId}-01`;
  const logged = (event: string) =>
    lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);

  it("show a request with its steps, its new events, and the first attempt at each, as one trace", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    const items = ["10", "20", "30"].map((value) => ({
      ...{
        value,
        timestamp: "2026-01-01T00:00:00Z",
        resource_uri: "/api/v1/document/doc-1/",
        name: "status",
      },
    }));
    const body = `data=${encodeURIComponent(JSON.stringify(items))}`;
    expect((await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM)).status).to.equal(200);
    await collector.got(3, "send crm");

    const server = only(collector.spans.filter(({ kind }) => kind === "server"));
    expect(server).to.include({ name: "POST /in/legalesign/batch", parent: "", failed: false });
    expect(server.attributes).to.include({
      ...{ "http.request.method": "POST", "http.route": "/in/legalesign/batch" },
      ...{ "http.response.status_code": 200, "countersign.outcome": "accepted" },
      ...{ "countersign.source": "legalesign", "countersign.channel": "batch" },
    });
    const steps = collector.spans.filter(({ parent }) => parent === server.spanId);
    expect(steps.map(({ name }) => name)).to.deep.equal(["verify", "read", "record"]);
    const creations = named("create ");
    expect(creations.map(({ name, kind, parent }) => [name, kind, parent])).to.deep.equal(
      ["sent", "fields_completed", "completed"].map((type) => {
        return [`create document.${type}`, "producer", steps.at(-1)?.spanId];
      }),
    );
    expect(collector.spans.map(({ traceId }) => traceId)).to.satisfy(
      (ids: string[]) => new Set(ids).size === 1,
    );

    const deliveries = await receiver.got(3);
    expect(deliveries.map(({ json }) => json.traceparent)).to.deep.equal(creations.map(traceparent));
    const attempts = named("send crm");
    expect(attempts.map(({ parent }) => parent)).to.deep.equal(creations.map(({ spanId }) => spanId));
    expect(deliveries.map(({ headers }) => headers.traceparent)).to.deep.equal(attempts.map(traceparent));
    expect(attempts[0]).to.deep.include({ kind: "client", links: [], failed: false });
    expect(attempts[0]?.attributes).to.deep.include({
      "messaging.system": "countersign",
      "messaging.operation.name": "send",
      "messaging.operation.type": "send",
      "messaging.destination.name": "crm",
      "messaging.message.id": deliveries[0]?.json.id,
      "cloudevents.event_id": deliveries[0]?.json.id,
      "cloudevents.event_source": "/sources/legalesign",
      "cloudevents.event_type": "esign.document.sent",
      "cloudevents.event_spec_version": "1.0",
      "http.request.method": "POST",
      "http.response.status_code": 200,
      "server.address": "127.0.0.1",
      "countersign.attempt": 1,
      "countersign.outcome": "delivered",
      "countersign.probe": false,
      "countersign.replayed": false,
    });
  });

  it("show a later attempt as a trace of its own, linked to the creation and to the attempt before", async () => {
    const receiver = await startReceiver((nth) => (nth < 3 ? 503 : 200));
    const bridge = await start(text(receiver.url, ", retry: [5m, 5m]"));
    await send(bridge, requestOf("doc-1", "created"));
    await collector.got(1, "send crm");
    for (const attempts of [2, 3]) {
      await clock.advance(6 * MINUTE);
      await collector.got(attempts, "send crm");
    }
    const creation = only(named("create "));
    const [first, second, third] = named("send crm");
    if (!first || !second || !third) throw new Error("an attempt is missing");
    expect(first).to.include({ traceId: creation.traceId, parent: creation.spanId, failed: true });
    expect(first.attributes).to.include({ "error.type": "503", "countersign.outcome": "pending" });
    expect(second).to.include({ parent: "" });
    expect(second.links).to.deep.equal([idsOf(creation), idsOf(first)]);
    expect(third.links).to.deep.equal([idsOf(creation), idsOf(second)]);
    expect(new Set([creation, second, third].map(({ traceId }) => traceId)).size).to.equal(3);
    const deliveries = await receiver.got(3);
    expect(new Set(deliveries.map(({ json }) => json.traceparent))).to.deep.equal(
      new Set([traceparent(creation)]),
    );
    expect(new Set(deliveries.map(({ body }) => body.toString())).size).to.equal(1);
    expect(deliveries.map(({ headers }) => headers.traceparent)).to.deep.equal(
      named("send crm").map(traceparent),
    );
  });

  it("link an attempt to the one before it in another process", async () => {
    const receiver = await startReceiver((nth) => (nth === 1 ? 503 : 200));
    const given = text(receiver.url, ", retry: [5m, 5m]");
    const bridge = await start(given);
    await send(bridge, requestOf("doc-1", "created"));
    const first = only(await collector.got(1, "send crm"));
    await bridge.stop();
    await start(given, { folder: bridge.folder });
    await clock.advance(6 * MINUTE);
    const [, second] = await collector.got(2, "send crm");
    expect(second?.links).to.deep.equal([idsOf(only(named("create "))), idsOf(first)]);
  });

  it("link a replay, and leave the event as it was", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    await send(bridge, requestOf("doc-1", "created"));
    const first = only(await collector.got(1, "send crm"));
    await fetch(`${bridge.adminUrl}/api/v1/replays`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ destination: "crm", status: "delivered", reason: "a test" }),
    });
    const [, second] = await collector.got(2, "send crm");
    expect(second).to.deep.include({ parent: "", links: [idsOf(only(named("create "))), idsOf(first)] });
    expect(second?.attributes).to.include({ "countersign.replayed": true, "countersign.attempt": 2 });
    const bodies = (await receiver.got(2)).map(({ body }) => body.toString());
    expect(bodies[0]).to.equal(bodies[1]);
  });

  it("begin a trace for a first attempt that comes late", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url, ", paused: true"));
    await send(bridge, requestOf("doc-1", "created"));
    const creation = only(await collector.got(1, "create "));
    await bridge.stop();
    await clock.advance(2 * MINUTE);
    await start(text(receiver.url), { folder: bridge.folder });
    const attempt = only(await collector.got(1, "send crm"));
    expect(attempt).to.deep.include({ parent: "", links: [idsOf(creation)] });
    expect((await receiver.got(1))[0]?.json.traceparent).to.equal(traceparent(creation));
  });

  it("link the traceparent of a provider, and take neither its ids nor its sampling", async () => {
    const bridge = await start(configText());
    const stranger = { traceId: "a".repeat(32), spanId: "b".repeat(16) };
    for (const flags of ["00", "01"])
      await send(bridge, requestOf("doc-1", "created"), {
        traceparent: `00-${stranger.traceId}-${stranger.spanId}-${flags}`,
        tracestate: "evil=1",
        baggage: "user=ada",
      });
    for (const span of await collector.got(2, "POST /in/lumin/account")) {
      expect(span).to.deep.include({ parent: "", links: [stranger] });
      expect(span.traceId).not.to.equal(stranger.traceId);
    }
    await send(bridge, requestOf("doc-2", "created"), { traceparent: "garbage" });
    expect((await collector.got(3, "POST /in/lumin/account"))[2]).to.deep.include({ parent: "", links: [] });
    expect(collector.text()).not.to.match(/evil|ada/);
  });

  it("show refused and failing requests, and no stranger's path", async () => {
    const bridge = await start(configText());
    const body = requestOf("doc-1", "created");
    await bridge.post("/in/lumin/account?hidden=path", body, signedByLumin(`${body} `));
    const server = only(await collector.got(1, "POST /in/lumin/account"));
    expect(server.attributes).to.include({
      ...{ "http.response.status_code": 401, "countersign.outcome": "bad_signature" },
    });
    expect(server.failed).to.equal(false);
    await bridge.post(`/in/legalesign/batch/${TOKEN}`, "data=%5B%5D", FORM);
    await bridge.post("/in/nobody/knows", "x");
    await collector.got(1, "POST /in/legalesign/batch");
    expect(collector.text()).not.to.match(new RegExp(`hidden|nobody|${TOKEN}|${LUMIN_KEY}`));
  });

  it("show nothing personal, and ids of documents only where the configuration says so", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    await send(bridge, requestOf("the-document", "viewed"));
    await collector.got(1, "send crm");
    expect(collector.text()).not.to.match(/Ada|ada@|Secret contract|the-document/);
    await bridge.stop();
    const other = await start(text(receiver.url, "", "telemetry: { documents: true }"));
    await send(other, requestOf("another", "created"));
    const [, attempt] = await collector.got(2, "send crm");
    expect(attempt?.attributes).to.include({
      ...{ "cloudevents.event_subject": "documents/another", "countersign.lane": "lumin/document/another" },
    });
    expect(collector.text()).not.to.match(/Ada|ada@|Secret contract/);
  });

  it("follow a receipt that is processed again, and leave events as they were", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    const { receipt } = await send(
      bridge,
      JSON.stringify({ event: { event_type: "signature_request_sent" } }),
    );
    expect(receipt).to.match(/^rcp_/);
    await bridge.reprocess({ which: "problems" });
    const again = only(await collector.got(1, "reprocess lumin/account"));
    expect(again).to.include({ kind: "internal", parent: "" });
    expect(again.attributes).to.include({ "countersign.receipt": receipt });
  });

  it("are named in the log lines of requests and attempts", async () => {
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    await send(bridge, requestOf("doc-1", "created"));
    const attempt = only(await collector.got(1, "send crm"));
    const server = only(named("POST "));
    await until(() => logged("delivery.delivered").length > 0, "the attempt is logged");
    expect(only(logged("request.recorded"))).to.include({ trace_id: server.traceId, span_id: server.spanId });
    expect(only(logged("delivery.delivered"))).to.include({
      trace_id: attempt.traceId,
      span_id: attempt.spanId,
    });
  });

  it("have the resource and the headers that the environment gives", async () => {
    const environment = {
      OTEL_SERVICE_NAME: "bridge-eu",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,team=a%20b",
      OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=acme",
    };
    const bridge = await start(configText(), { environment });
    await send(bridge, requestOf("doc-1", "created"));
    const [span] = await collector.got(1, "POST ");
    expect(span?.resource).to.include({
      ...{ "service.name": "bridge-eu", "deployment.environment.name": "test", team: "a b" },
    });
    expect(collector.requests[0]).to.deep.include({ path: "/v1/traces" });
    expect(collector.requests[0]?.headers).to.include({ "x-tenant": "acme" });
  });

  it("follow the sampler, and still give events a creation context", async () => {
    const receiver = await startReceiver();
    const environment = { OTEL_TRACES_SAMPLER: "parentbased_always_off", OTEL_PROPAGATORS: "baggage" };
    const bridge = await start(text(receiver.url), { environment });
    await send(bridge, requestOf("doc-1", "created"));
    const [delivery] = await receiver.got(1);
    expect(delivery?.json.traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(delivery?.headers).not.to.have.property("traceparent");
    await bridge.stop();
    expect(collector.requests).to.have.length(0);
  });

  it("block nothing while the collector is down, and the log says what is lost", async () => {
    const down = await startCollector((response) => void response.writeHead(400).end("no"));
    collector = down;
    const receiver = await startReceiver();
    const bridge = await start(text(receiver.url));
    for (const id of ["doc-1", "doc-2", "doc-3"]) await send(bridge, requestOf(id, "created"));
    await receiver.got(3);
    const [line] = await until(() => {
      const found = logged("traces.unexported");
      return found.length > 0 && found;
    }, "the log says that spans are lost");
    expect(line).to.have.property("spans").that.is.above(0);
  });

  it("say which of their files cannot be read, and how many spans had no room", async () => {
    const environment = { OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere/ca.pem" };
    const held: ServerResponse[] = [];
    let holds = true;
    collector = await startCollector((response) => void (holds ? held.push(response) : response.end()));
    const bridge = await start(configText(), { environment, room: "4" });
    expect(only(logged("traces.misconfigured")).reason).to.equal("Failed to read root certificate file");
    for (const id of ["doc-1", "doc-2", "doc-3"]) await send(bridge, requestOf(id, "created"));
    const answerAll = () => {
      for (const response of held.splice(0)) response.end();
      return logged("traces.unexported").length > 0;
    };
    let more = 3;
    await until(async () => {
      await send(bridge, requestOf(`doc-${++more}`, "created"));
      return answerAll();
    }, "the log says that spans are lost");
    expect(logged("traces.unexported")[0]).to.include({ reason: "the queue of spans was full" });
    holds = false;
    answerAll();
  });

  it("end with a stop that waits two seconds for a collector that does not answer", async () => {
    collector = await startCollector(() => {});
    const bridge = await start(configText());
    await send(bridge, requestOf("doc-1", "created"));
    await until(() => collector.requests.length > 0, "the collector has a request");
    let isStopped = false;
    const stopped = bridge.stop().then(() => {
      isStopped = true;
    });
    await until(() => logged("process.stopping").length > 0, "the stop has begun");
    await until(() => clock.timers > 0, "only the collector is waited for");
    await clock.advance(1_999);
    expect(isStopped).to.equal(false);
    await clock.advance(1);
    await stopped;
    expect(only(logged("process.stopped"))).to.include({ level: 30 });
  });

  it("are off without an endpoint, and leave events as they are", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(text(receiver.url), {
      clock,
      environment: { OTEL_SERVICE_NAME: "bridge" },
    });
    await send(bridge, requestOf("doc-1", "created"));
    const [delivery] = await receiver.got(1);
    expect(delivery?.json).not.to.have.property("traceparent");
    expect(delivery?.headers).not.to.have.property("traceparent");
    expect(collector.requests).to.have.length(0);
  });
});
