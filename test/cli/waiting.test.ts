import { createServer, type ServerResponse } from "node:http";
import { expect } from "chai";
import {
  type Bridge,
  configText,
  listenUntilTidy,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { nth, only } from "../support/only.ts";
import { until } from "../support/until.ts";
import { commandsFor, crm, post } from "./operator.ts";

/** The operator's view of deliveries that wait or fail, and the commands for them. */

interface Listed {
  id: string;
  status: string;
  reason: string | null;
  attempts: number;
}
const deliveries = async (bridge: Bridge): Promise<Listed[]> =>
  (await bridge.admin("/api/v1/deliveries?order=oldest")).body.items;
const states = async (bridge: Bridge) =>
  (await deliveries(bridge)).map(({ status, reason }) => reason ?? status);
/** The nth delivery, from 0, once it has been attempted. */
const afterAttempt = (bridge: Bridge, nth: number): Promise<Listed> =>
  until(async () => {
    const one = (await deliveries(bridge))[nth];
    return one !== undefined && one.attempts > 0 && one;
  }, `delivery ${nth} has been attempted`);

/** Answers each post as the test says, with the response itself. */
async function startAnswering(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => answer(response));
  });
  const address = await listenUntilTidy(server);
  return `${address}/hook`;
}

/** Bytes written before have arrived once other requests have made a round trip. */
async function headsHaveCome(bridge: Bridge): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await bridge.admin("/livez");
}

describe("a delivery that is not accepted", () => {
  afterEach(tidy);

  it("is shown with a redirect's target, without the query, and with the setting to change", async () => {
    const url = await startAnswering((response) =>
      response.writeHead(308, { location: "https://crm.internal/hooks/esign/?token=hush" }).end(),
    );
    const text = crm(url);
    const bridge = await startBridge(text);
    await post(bridge, "d1", "10");
    const { id } = await afterAttempt(bridge, 0);
    const { stdout } = await commandsFor(bridge, text)("explain", id);
    expect(stdout)
      .to.include(", last: 308 [")
      .and.include("It points to https://crm.internal/hooks/esign/: redirects are not followed")
      .and.include("set that as `url` of crm");
    expect(stdout).not.to.include("hush");
  });

  it("may have arrived, where the answer was a 200 that did not end or broke off", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const begun: ServerResponse[] = [];
    const url = await startAnswering((response) => {
      response.writeHead(200, { "content-length": "100" }).write("0123456789");
      begun.push(response);
    });
    const text = crm(url);
    const bridge = await startBridge(text, { clock });
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10");
    await until(() => begun.length === 1, "the first post has come");
    await headsHaveCome(bridge);
    await clock.advance(15_000);
    const { id, status } = await afterAttempt(bridge, 0);
    expect(status).to.equal("pending");
    const said = (cause: string) => `last: 200, cut short (${cause})`;
    expect((await run("explain", id)).stdout)
      .to.include(said("timeout"))
      .and.include("crm may have processed it all the same");

    await post(bridge, "d2", "10");
    await until(() => begun.length === 2, "the second post has come");
    await headsHaveCome(bridge);
    nth(begun, 1).socket?.destroy();
    expect((await run("explain", (await afterAttempt(bridge, 1)).id)).stdout).to.include(said("reset"));
  });

  it("is named at the later events of its document that wait for it, and can be skipped", async () => {
    const receiver = await startReceiver((nth) => (nth === 1 ? 422 : 200));
    const text = crm(receiver.url);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10", "20", "30");
    await post(bridge, "d2", "10");
    const first = await afterAttempt(bridge, 0);
    await afterAttempt(bridge, 3);
    expect(await states(bridge)).to.deep.equal(["pending", "held", "held", "delivered"]);
    const last = nth(await deliveries(bridge), 2);
    expect((await run("explain", last.id)).stdout)
      .to.match(/held behind document\.sent \(evt_\w+\), 1 attempt, last: 422/)
      .and.include(`countersign skip ${first.id}`);
    expect((await run("explain", first.id)).stdout).to.include(`countersign skip ${first.id}`);

    const skipped = await run("skip", first.id, "--reason", "its schema is wrong");
    expect([skipped.code, skipped.stdout]).to.deep.equal([0, skipped.stdout]);
    expect(skipped.stdout).to.match(/^evt_\w+ is parked for crm\n$/);
    await receiver.got(4);
    await afterAttempt(bridge, 2);
    expect(await states(bridge)).to.deep.equal(["skipped", "delivered", "delivered", "delivered"]);
    const [entry] = (await bridge.admin("/api/v1/audit?order=oldest")).body.items;
    expect(entry).to.deep.include({ action: "skip", reason: "its schema is wrong" });
    expect(entry.details).to.include({ delivery: first.id, destination: "crm" });
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_deliveries_parked_total{destination="crm",reason="skipped"} 1',
    );
    expect((await run("explain", first.id)).stdout).to.include("a person skipped it");
    expect((await run("skip", first.id)).stderr).to.include("is parked already");
    expect((await run("skip", "dlv_no")).stderr).to.include("there is no delivery dlv_no");
  });

  it("is not skipped during an attempt", async () => {
    const held: ServerResponse[] = [];
    const url = await startAnswering((response) => void held.push(response));
    const text = crm(url);
    const bridge = await startBridge(text);
    await post(bridge, "d1", "10");
    await until(() => held.length === 1, "the first post has come");
    const { id } = only(await deliveries(bridge));
    const refused = await commandsFor(bridge, text)("skip", id);
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include("has an attempt in flight");
    await post(bridge, "d1", "30");
    const behind = nth(await deliveries(bridge), 1);
    const explained = async (id: string) => (await commandsFor(bridge, text)("explain", id)).stdout;
    expect(await explained(id)).to.match(/pending: attempt 1 is under way, until \S+ at the latest/);
    expect(await explained(behind.id)).to.match(/held behind document\.sent .*, which is being attempted/);
    nth(held, 0).end();
    await until(() => held.length === 2, "the second post has come");
    nth(held, 1).end();
    await afterAttempt(bridge, 1);
    expect(await states(bridge)).to.deep.equal(["delivered", "delivered"]);
  });

  it("is not shown with a command that cannot send it", async () => {
    const receiver = await startReceiver();
    const text = crm(receiver.url, ", paused: true");
    const bridge = await startBridge(text);
    await post(bridge, "d1", "10");
    const { id } = only(await deliveries(bridge));
    const explained = async (on: Bridge) => (await commandsFor(on, text)("explain", id)).stdout;
    expect(await explained(bridge))
      .to.include("until `paused: true` is removed and `countersign reload` lets it go on")
      .and.not.include("countersign resume");
    await bridge.stop();

    const without = await startBridge(configText(), { folder: bridge.folder });
    expect(await explained(without)).to.include("Once there is a destination of that name");
  });

  it("is parked at once by a status of `park`, and the breaker stays closed", async () => {
    const receiver = await startReceiver((nth) => (nth === 1 ? 422 : 200));
    const text = crm(receiver.url, ", parkOn: [400, 422], breaker: { failures: 1 }");
    const bridge = await startBridge(text);
    await post(bridge, "d1", "10", "30");
    await receiver.got(2);
    await afterAttempt(bridge, 1);
    expect(await states(bridge)).to.deep.equal(["rejected", "delivered"]);
    const { id } = nth(await deliveries(bridge), 0);
    expect((await commandsFor(bridge, text)("explain", id)).stdout).to.include("`parkOn` names");
    expect((await bridge.admin("/api/v1/destinations")).body.items[0].breaker).to.equal(null);
  });
});

describe("a backlog whose destination gets another format", () => {
  afterEach(tidy);

  it("is parked where the format lacks the event, without an attempt, and the rest is sent", async () => {
    const receiver = await startReceiver();
    const before = await startBridge(crm(receiver.url, ", paused: true"));
    for (let n = 0; n < 12; n++) await post(before, `d${n}`, "10", "20", "30");
    await before.stop();

    const text = configText(
      `destinations: { crm: { url: "${receiver.url}", secrets: ["raw:a_key"], format: lumin } }`,
    );
    const bridge = await startBridge(text, { folder: before.folder });
    await receiver.got(24);
    const open = async () => (await bridge.admin("/api/v1/destinations")).body.items[0].open;
    await until(async () => (await open()) === 0, "no delivery is open");
    const all = await deliveries(bridge);
    const parked = all.filter(({ reason }) => reason === "unsupported_by_format");
    expect(parked).to.have.length(12);
    expect(parked.every(({ attempts }) => attempts === 0)).to.equal(true);
    expect(all.filter(({ status }) => status === "delivered")).to.have.length(24);
    expect((await bridge.admin("/api/v1/destinations")).body.items[0].breaker).to.equal(null);
    const run = commandsFor(bridge, text);
    expect((await run("explain", nth(parked, 0).id)).stdout)
      .to.include("parked: the format of crm cannot express this event, nothing was sent")
      .and.include("With another `format` of crm, `countersign replay");
    await run("replay", "--destination", "crm");
    await until(async () => (await open()) === 0, "no delivery is open after the replay");
    expect((await deliveries(bridge)).filter(({ reason }) => reason !== null)).to.have.length(12);
    expect((await bridge.admin("/metrics")).body).to.include(
      'countersign_deliveries_parked_total{destination="crm",reason="unsupported_by_format"} 24',
    );
    expect(receiver.deliveries).to.have.length(24);
  });
});
