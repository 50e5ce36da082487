import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Overrides } from "../../src/app.ts";
import { loadConfig } from "../../src/config.ts";
import type { PruneStep } from "../../src/store/port/retention.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { DAY } from "../store/filled.ts";
import {
  aFolder,
  configText,
  FORM,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { commandsFor } from "./operator.ts";

const ITEM = {
  value: "30",
  timestamp: "2022-07-11T07:28:25+00:00",
  resource_uri: "/api/v1/document/d1/",
  name: "status",
};
const BATCH = `data=${encodeURIComponent(JSON.stringify([ITEM]))}`;
const to = (url: string, name = "crm") =>
  configText(`destinations: { ${name}: { url: "${url}", secrets: ["${SECRET}"] } }`);

/** A bridge whose configuration is a file that can be changed. */
async function startFromFile(text: string, overrides: Overrides = {}) {
  const folder = aFolder();
  const file = join(folder, "countersign.yaml");
  writeFileSync(file, text);
  const bridge = await startBridge(text, { folder, load: () => loadConfig(file, {}), ...overrides });
  const reload = () => commandsFor(bridge, text)("reload", "--reason", "a test");
  const post = (query = `token=${TOKEN}`) => bridge.post(`/in/legalesign/batch?${query}`, BATCH, FORM);
  return { bridge, folder, file, reload, post };
}

describe("countersign reload", () => {
  afterEach(tidy);

  it("applies a changed destination and token, without losing a request", async () => {
    const [before, after] = [await startReceiver(), await startReceiver()];
    const { file, reload, post, bridge } = await startFromFile(to(before.url));
    writeFileSync(file, to(after.url).replaceAll(TOKEN, "another-token-as-well"));
    expect((await reload()).stdout).to.equal("reloaded\n");
    expect((await post()).status).to.equal(401);
    expect((await post("token=another-token-as-well")).body).to.include({ events: 1 });
    await after.got(1);
    expect(before.deliveries).to.have.length(0);
    expect((await bridge.admin("/api/v1/audit?order=oldest")).body.items[0]).to.include({
      action: "reload",
      reason: "a test",
    });
  });

  it("applies a channel's higher limit of bodies, with a higher limit of bytes in flight", async () => {
    const { file, reload, bridge } = await startFromFile(configText());
    const body = "x".repeat(6 * 1_024 ** 2);
    const statusOf = async () => (await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, body, FORM)).status;
    expect(await statusOf()).to.equal(413);
    writeFileSync(
      file,
      configText().replace(`upon: { token: ${TOKEN} }`, `upon: { token: ${TOKEN}, maxBody: 40mb }`),
    );
    expect((await reload()).stdout).to.equal("reloaded\n");
    expect(await statusOf()).to.equal(200);
  });

  it("leaves the old configuration in force when the new one is bad, and names the fault", async () => {
    const receiver = await startReceiver();
    const { file, reload, post } = await startFromFile(to(receiver.url));
    writeFileSync(file, to("ftp://nowhere").replace("mapping: lumin", "mapping: lumen"));
    const { code, stderr } = await reload();
    expect(code).to.equal(1);
    expect(stderr).to.include("must be an http or https URL").and.include("lumen");
    expect((await post()).status).to.equal(200);
    await receiver.got(1);
  });

  it("applies a fixed mapping, and refuses a broken one", async () => {
    const { folder, reload, bridge } = await startFromFile(configText());
    mkdirSync(join(folder, "mappings"));
    const shipped = readFileSync(new URL("../../mappings/legalesign.yaml", import.meta.url), "utf8");
    const write = (text: string) => writeFileSync(join(folder, "mappings", "legalesign.yaml"), text);
    const post = () => bridge.post(`/in/legalesign/batch?token=${TOKEN}`, BATCH, FORM);
    write(shipped.replace("as: iso", "as: sundial"));
    expect((await reload()).stderr).to.include("sundial");
    write(shipped.replace('"30": { event: document.completed', '"30": { event: document.canceled'));
    expect((await reload()).code).to.equal(0);
    await post();
    expect((await bridge.admin("/api/v1/events?order=oldest")).body.items[0].type).to.equal(
      "document.canceled",
    );
  });

  it("applies changed retention at once", async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    const steps: PruneStep[] = [];
    const prune: Store["prune"] = (step) => {
      steps.push(step);
      return store.prune(step);
    };
    const of = (span: string) => configText(`retention: { receipts: ${span} }`);
    const { file, reload } = await startFromFile(of("never"), { store: { ...store, prune } });
    await until(() => steps.some(({ table }) => table === "tombstones"), "tombstones were pruned");
    expect(steps.some(({ table }) => table === "receipts")).to.equal(false);
    writeFileSync(file, of("2d"));
    expect((await reload()).code).to.equal(0);
    const pruned = await until(() => steps.find(({ table }) => table === "receipts"), "receipts were pruned");
    expect(Date.now() - pruned.before).to.be.within(2 * DAY, 3 * DAY);
  });

  it("parks open deliveries of a removed destination, and names changes that need a restart", async () => {
    const receiver = await startReceiver(() => 500);
    const { file, reload, post, bridge } = await startFromFile(to(receiver.url));
    await post();
    await receiver.got(1);
    writeFileSync(file, to(receiver.url, "other"));
    expect((await reload()).code).to.equal(0);
    const [delivery] = (await bridge.admin("/api/v1/deliveries?order=oldest")).body.items;
    expect(delivery).to.include({ destination: "crm", status: "parked", reason: "destination_removed" });
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_deliveries_pending{destination="other"} 0',
    );

    writeFileSync(file, to(receiver.url, "other").replace("admin: { port: 0 }", "admin: { port: 1 }"));
    expect((await reload()).stderr).to.include("`admin` changed: that needs a restart");
  });

  it("says that a bridge which was not started from a file cannot be reloaded", async () => {
    const bridge = await startBridge();
    expect(await bridge.reload().catch((error) => error.message)).to.equal(
      "this bridge was not started from a file",
    );
  });
});
