import { expect } from "chai";
import { CountersignError } from "../../src/domain/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { createMetrics } from "../../src/web/metrics.ts";
import { type Bridge, configText, SECRET, signedByLumin, startBridge, tidy } from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, settled } from "../support/clock.ts";

const CRM = configText(`destinations: { crm: { url: "http://127.0.0.1:9/", secrets: ["${SECRET}"] } }`);
const ADDRESS = "connect ECONNREFUSED 10.0.0.5:5432";
const fault = () =>
  Promise.reject(new CountersignError("store_unavailable", `the store cannot be used: ${ADDRESS}`));
const FROM_STORE = /^countersign_(deliveries_pending|oldest_pending_seconds|receipts_with_problems)\b/m;

const aStore = (given: Partial<Store> = {}): Store => ({
  ...openSqliteStore({ file: ":memory:", token: () => "token" }),
  ...given,
});
const post = (bridge: Bridge, body: object) => {
  const text = JSON.stringify(body);
  return bridge.post("/in/lumin/account", text, signedByLumin(text));
};

describe("the metrics", () => {
  afterEach(tidy);

  it("are served while the store fails, without the store's own, and say so", async () => {
    const bridge = await startBridge(CRM, { store: aStore({ backlog: fault, probe: fault, record: fault }) });
    expect((await post(bridge, {})).status).to.equal(503);
    const { status, body } = await bridge.admin("/metrics");
    expect(status).to.equal(200);
    expect(body).to.include("countersign_store_up 0");
    expect(body).to.include('countersign_breaker_open{destination="crm"} 0');
    expect(body).to.match(/^countersign_ingress_requests_total\{.*outcome="store_unavailable"\} 1$/m);
    expect(body).not.to.match(FROM_STORE);
  });

  it("and /readyz do not show the database driver's message without a token", async () => {
    const bridge = await startBridge(CRM, {
      store: aStore({ backlog: fault, countProblems: fault, probe: fault }),
    });
    const { status, body } = await bridge.admin("/readyz");
    expect([status, body.checks.store]).to.deep.equal([503, "unavailable"]);
    expect(JSON.stringify(body)).not.to.include("10.0.0.5");
    expect((await bridge.admin("/metrics")).body).not.to.include("10.0.0.5");
  });

  it("wait for a store that does not answer for five seconds at most", async () => {
    const clock = createManualClock(NEW_YEAR);
    const metrics = createMetrics({
      version: "0",
      clock,
      backlog: () => new Promise(() => {}),
      problems: async () => 0,
      concerns: async () => [],
      proofs: async () => [],
      states: () => [],
    });
    const scraped = metrics.scrape();
    await clock.advance(5_000);
    expect((await scraped).text).to.include("countersign_store_up 0");
  });

  it("include the store's own again once it has recovered", async () => {
    let away = true;
    const metrics = createMetrics({
      version: "0",
      clock: createManualClock(NEW_YEAR),
      backlog: async () => (away ? fault() : []),
      problems: async () => 3,
      concerns: async () => [],
      proofs: async () => [],
      states: () => [{ name: "crm", paused: null, breaker: null }],
    });
    expect((await metrics.scrape()).text).not.to.match(FROM_STORE);
    away = false;
    const { text } = await metrics.scrape();
    expect(text).to.include("countersign_store_up 1").and.include("countersign_receipts_with_problems 3");
    expect(text).to.include('countersign_deliveries_pending{destination="crm"} 0');
  });

  it("say which destination is paused, and how many receipts have problems", async () => {
    const bridge = await startBridge(CRM);
    await post(bridge, { event: {} });
    await fetch(`${bridge.adminUrl}/api/v1/destinations/crm/pause`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reason: "moving house" }),
    });
    await settled();
    const { body } = await bridge.admin("/metrics");
    expect(body).to.include('countersign_paused{destination="crm"} 1');
    expect(body).to.include("countersign_receipts_with_problems 1");
  });
});
