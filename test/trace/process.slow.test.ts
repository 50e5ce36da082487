import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { killServed, serve } from "../cli/served.ts";
import { aFolder, configText, SECRET, signedByLumin, startReceiver, tidy } from "../support/bridge.ts";
import { only } from "../support/only.ts";
import { startCollector } from "./collector.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const BODY = JSON.stringify({
  event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
  signature_request: { signature_request_id: "doc-1" },
});

describe("traces of processes", function () {
  this.timeout(60_000);
  afterEach(async () => {
    killServed();
    await tidy();
  });

  it("go on after a kill -9: the same creation context, and links to what the dead process had begun", async () => {
    const collector = await startCollector();
    const receiver = await startReceiver((nth) => (nth === 1 ? 503 : 200));
    const folder = aFolder();
    const text = configText(
      `destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"], retry: [2s, 5m] } }`,
    );
    const bridge = (delay: string) =>
      serve(text, folder, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: delay });
    const first = bridge("3600000");
    const { url } = await first.line("process.ready");
    const posted = await fetch(`${url}/in/lumin/account`, {
      method: "POST",
      headers: signedByLumin(BODY),
      body: BODY,
    });
    expect(posted.status).to.equal(200);
    await first.line("delivery.failed");
    first.child.kill("SIGKILL");
    await first.ended;
    expect(collector.spans).to.deep.equal([]);

    const second = bridge("1");
    const [before, after] = await receiver.got(2);
    const attempt = only(await collector.got(1, "send crm"));
    expect(after?.json.traceparent).to.equal(before?.json.traceparent);
    expect(after?.body.equals(before?.body ?? Buffer.alloc(0))).to.equal(true);
    const ids = [before?.json.traceparent, before?.headers.traceparent].map((text) => {
      const [, traceId, spanId] = String(text).split("-");
      return { traceId, spanId };
    });
    expect(attempt).to.deep.include({ parent: "", links: ids });
    expect(attempt.attributes).to.include({ "countersign.attempt": 2, "countersign.outcome": "delivered" });
    second.child.kill("SIGTERM");
    expect((await second.ended).code).to.equal(0);
  });

  it("show what happened last before a stop", async () => {
    const collector = await startCollector();
    const { line, child, ended } = serve(configText(), undefined, {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: "3600000" },
    });
    const { url } = await line("process.ready");
    await fetch(`${url}/in/lumin/account`, { method: "POST", headers: signedByLumin(BODY), body: BODY });
    expect(collector.spans).to.deep.equal([]);
    child.kill("SIGTERM");
    expect((await ended).code).to.equal(0);
    expect(collector.spans.map(({ name }) => name)).to.include.members(["POST /in/lumin/account", "record"]);
  });

  /** Starts a bridge in a process, stops it, and prints the packages of OpenTelemetry that were loaded. */
  const SCRIPT = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({ resolve(specifier, context, next) {
      const found = next(specifier, context);
      const [, name] = /node_modules\\/(@opentelemetry\\/[^/]+)/.exec(found.url) ?? [];
      if (name) loaded.add(name);
      return found;
    } });
    const { createApp } = await import("./src/app.ts");
    const { parseConfig } = await import("./src/config.ts");
    const { pino } = await import("pino");
    const { config } = await parseConfig(process.env.CONFIG, process.env.FOLDER + "/c.yaml", {});
    const app = await createApp(config, { logger: pino({ level: "silent" }), environment: process.env });
    await app.stop();
    console.log(JSON.stringify([...loaded].sort()));
    process.exit(0);
  `;
  async function loadedWith(environment: Record<string, string>): Promise<string[]> {
    const env = { ...process.env, CONFIG: configText(), FOLDER: aFolder(), ...environment };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "--eval", SCRIPT],
      { cwd: ROOT, env },
    );
    return JSON.parse(stdout);
  }

  it("need no package of OpenTelemetry while nothing is traced", async () => {
    // prom-client asks the API, which does nothing by itself, whether somebody measures.
    expect(await loadedWith({ OTEL_SERVICE_NAME: "bridge" })).to.deep.equal(["@opentelemetry/api"]);
    expect(await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" })).to.include.members([
      "@opentelemetry/exporter-trace-otlp-proto",
      "@opentelemetry/sdk-trace",
    ]);
  });
});
