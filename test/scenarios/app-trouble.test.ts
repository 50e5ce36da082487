import { join } from "node:path";
import { expect } from "chai";
import { CountersignError } from "../../src/domain/errors.ts";
import { PRUNABLE } from "../../src/store/port/retention.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import {
  aFolder,
  configText,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock, settled } from "../support/clock.ts";
import { until } from "../support/until.ts";

const crm = (url: string, rest = "") =>
  `${configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }`)}\nshutdown: 2s\n`;
/** The same, with a second destination whose posts show that a bridge has sent what it may. */
const crmAndWitness = (url: string, witness: string, rest = "") =>
  crm(url, `${rest} }, witness: { url: "${witness}", secrets: ["${SECRET}"]`);
const HOUR = 3_600_000;
const NOWHERE = "http://127.0.0.1:9/hooks";

/** A real store with some methods replaced by a test. */
function aStore(given: Partial<Store> = {}): Store {
  const store = openSqliteStore({ file: join(aFolder(), "countersign.db"), token: () => "token" });
  return { ...store, ...given };
}

const created = (id: string) =>
  JSON.stringify({
    event: { event_type: "signature_request_created", event_time: 1_700_000_000_000 },
    signature_request: { signature_request_id: id },
  });

const change = ({ adminUrl }: { adminUrl: string }, action: "pause" | "resume") =>
  fetch(`${adminUrl}/api/v1/destinations/crm/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ reason: "moving house" }),
  });

describe("a bridge in trouble", () => {
  afterEach(tidy);

  it("is not ready while a worker has waited for the store for more than thirty seconds", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const { promise, resolve } = Promise.withResolvers<[]>();
    const store = aStore({ claim: () => promise });
    const bridge = await startBridge(crm(NOWHERE), { clock, store });
    await clock.advance(30_000);
    expect(await bridge.admin("/readyz")).to.include({ status: 200 });
    await clock.advance(1);
    const { status, body } = await bridge.admin("/readyz");
    expect(status).to.equal(503);
    expect(body.checks.dispatcher).to.equal("crm waits for the store");
    resolve([]);
    await settled();
    expect(await bridge.admin("/readyz")).to.include({ status: 200 });
  });

  it("answers a forged post with 401 at once, also while the store hangs or fails", async () => {
    const stored = Promise.withResolvers<void>();
    for (const reject of [() => stored.promise, () => Promise.reject(new Error("no"))]) {
      const bridge = await startBridge(configText(), { store: aStore({ reject }) });
      const answer = await bridge.post("/in/lumin/account", created("a"), signedByLumin("", "forged"));
      expect([answer.status, answer.body.error]).to.deep.equal([401, "bad_signature"]);
    }
    stored.resolve();
  });

  it("is not ready and asks for a restart once a worker has died", async () => {
    const delivery = Object.defineProperty({ id: "dlv_x" }, "attempts", {
      get() {
        throw new TypeError("broken");
      },
    });
    const store = aStore({ claim: async () => [Object.assign(Object.create(null), { delivery })] });
    const bridge = await startBridge(crm(NOWHERE), { store });
    expect(await bridge.died).to.equal("died");
    const { status, body } = await bridge.admin("/readyz");
    expect(status).to.equal(503);
    expect(body.checks.dispatcher).to.equal("crm died");
  });

  it("is not ready and asks for a restart once pruning has died, not while the store fails", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    let fault: Error = new CountersignError("store_unavailable", "it is away");
    const store = aStore({ prune: () => Promise.reject(fault) });
    const bridge = await startBridge(crm(NOWHERE), { clock, store });
    await clock.advance(HOUR / 2);
    expect(await bridge.admin("/readyz")).to.include({ status: 200 });
    fault = new TypeError("broken");
    await clock.advance(HOUR);
    expect(await bridge.died).to.equal("died");
    const { status, body } = await bridge.admin("/readyz");
    expect([status, body.checks.retention]).to.deep.equal([503, "pruning died"]);
  });

  it("ends its round of pruning with the stop, and begins none on the way down", async () => {
    const steps: string[] = [];
    const store = aStore({
      prune: async ({ table }) => {
        steps.push(table);
        return { pruned: 0, next: "next" };
      },
    });
    const bridge = await startBridge(crm(NOWHERE), { clock: createManualClock(Date.UTC(2026, 0, 1)), store });
    await settled();
    await bridge.stop();
    await settled();
    expect(steps).to.deep.equal(["events"]);
  });

  it("stops five seconds after its grace at the latest, even when the store never answers", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const store = aStore({ claim: () => new Promise(() => {}) });
    const bridge = await startBridge(crm(NOWHERE), { clock, store });
    await settled();
    let stopped = false;
    const stopping = bridge.stop().then(() => {
      stopped = true;
    });
    await clock.advance(6_999);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    await stopping;
  });

  it("shows an open breaker, and holds it over a restart", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const receiver = await startReceiver(() => 500);
    const witness = await startReceiver();
    const text = crmAndWitness(receiver.url, witness.url, ", breaker: { failures: 1 }");
    const bridge = await startBridge(text, { clock });
    const open = async (of: typeof bridge) =>
      /countersign_breaker_open\{destination="crm"\} (\d)/.exec((await of.admin("/metrics")).body)?.[1];
    expect(await open(bridge)).to.equal("0");

    await bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
    await receiver.got(1);
    await until(async () => (await open(bridge)) === "1", "the breaker is open");
    await bridge.stop();

    const after = await startBridge(text, { clock, folder: bridge.folder });
    expect(await open(after)).to.equal("1");
    expect((await after.admin("/api/v1/destinations")).body.items[0].breaker).to.include({ failures: 1 });
    await after.post("/in/lumin/account", created("r2"), signedByLumin(created("r2")));
    await witness.got(2);
    expect(receiver.deliveries).to.have.length(1);
  });

  it("is paused and resumed by an operator, and still paused after a restart", async () => {
    const [receiver, witness] = [await startReceiver(), await startReceiver()];
    const text = crmAndWitness(receiver.url, witness.url);
    const before = await startBridge(text);
    expect(await change(before, "pause")).to.include({ status: 200 });
    await before.stop();

    const bridge = await startBridge(text, { folder: before.folder });
    await bridge.post("/in/lumin/account", created("r1"), signedByLumin(created("r1")));
    await witness.got(1);
    expect(receiver.deliveries).to.have.length(0);
    expect(await change(bridge, "resume")).to.include({ status: 200 });
    await receiver.got(1);
  });

  it("refuses to resume a destination that the configuration pauses, and says so", async () => {
    const bridge = await startBridge(crm(NOWHERE, ", paused: true"));
    const answer = await change(bridge, "resume");
    expect(answer.status).to.equal(400);
    expect(await answer.json()).to.deep.equal({
      error: "bad_request",
      message: "it is the configuration that pauses crm: remove `paused: true` from it and reload",
    });
  });

  it("shows counters from 0 for deliveries and pruning, and the store's durations", async () => {
    const bridge = await startBridge(crm(NOWHERE));
    const { body } = await bridge.admin("/metrics");
    for (const table of PRUNABLE) expect(body).to.include(`countersign_pruned_total{table="${table}"} 0`);
    for (const reason of ["schedule_exhausted", "gone", "destination_removed"]) {
      expect(body).to.include(`countersign_deliveries_parked_total{destination="crm",reason="${reason}"} 0`);
    }
    expect(body).to.match(
      /countersign_store_operation_duration_seconds_count\{operation="parkRemoved"\} [1-9]/,
    );
  });
});
