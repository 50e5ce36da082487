import { expect } from "chai";
import { type Bridge, configText, FORM, startBridge, startReceiver, TOKEN, tidy } from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { commandsFor, crm, post } from "./operator.ts";

/** Waits until every delivery is final. */
async function settled(bridge: Bridge): Promise<void> {
  const open = async () => (await bridge.admin("/api/v1/destinations")).body.items[0].open;
  await until(async () => (await open()) === 0, "every delivery is final");
}

describe("operating a running bridge", () => {
  afterEach(tidy);

  it("replays parked deliveries with the same ids and a header that says so", async () => {
    let up = false;
    const receiver = await startReceiver(() => (up ? 200 : 500));
    const text = crm(receiver.url, ", retry: []");
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10", "30");
    await settled(bridge);
    const parked = await run(
      "deliveries",
      "--destination",
      "crm",
      "--status",
      "parked",
      "--reason",
      "schedule_exhausted",
    );
    expect(parked.stdout.trimEnd().split("\n")).to.have.length(3);
    const before = receiver.deliveries.map(({ headers }) => headers["webhook-id"]);

    const dry = await run("replay", "--destination", "crm", "--dry-run");
    expect(dry.stdout).to.equal("2 deliveries to crm would be sent again\n");
    expect(receiver.deliveries).to.have.length(2);

    up = true;
    const real = await run("replay", "--destination", "crm", "--reason", "the receiver is back");
    expect([real.code, real.stdout]).to.deep.equal([0, "2 of 2 deliveries to crm replayed\n"]);
    await settled(bridge);
    const again = receiver.deliveries.slice(2);
    expect(again.map(({ headers }) => headers["webhook-id"])).to.deep.equal(before);
    expect(again.map(({ headers }) => headers["countersign-replay"])).to.deep.equal(["1", "1"]);
    expect(receiver.deliveries[0]?.headers).not.to.have.property("countersign-replay");
    expect((await run("audit", "--json")).stdout)
      .to.include('"action":"replay"')
      .and.include("the receiver is back");
  });

  it("gives a replayed delivery its whole schedule again", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const receiver = await startReceiver(() => 500);
    const text = crm(receiver.url, ", retry: [5s]");
    const bridge = await startBridge(text, { clock, random: () => 0 });
    const run = commandsFor(bridge, text);
    const state = async () => (await bridge.admin("/api/v1/deliveries?order=oldest")).body.items[0];
    await post(bridge, "d1", "10");
    await until(async () => (await state()).attempts === 1, "the first attempt is recorded");
    await clock.advance(5_000);
    await until(async () => (await state()).status === "parked", "the delivery is parked");
    await run("replay", "--destination", "crm");
    await until(async () => (await state()).attempts === 3, "the third attempt is recorded");
    expect(await state()).to.include({ status: "pending", attempts: 3, replayedAfter: 2 });
  });

  it("replays only the deliveries of the given status, type, document and time", async () => {
    const receiver = await startReceiver();
    const text = crm(receiver.url);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10", "30");
    await post(bridge, "d2", "10");
    await settled(bridge);
    const count = async (...args: string[]) =>
      JSON.parse((await run("replay", "--destination", "crm", "--dry-run", "--json", ...args)).stdout).count;
    expect(await count()).to.equal(0);
    expect(await count("--status", "all")).to.equal(3);
    expect(await count("--status", "delivered", "--document", "d1")).to.equal(2);
    expect(await count("--status", "delivered", "--type", "document.sent")).to.equal(2);
    expect(await count("--status", "delivered", "--since", "1h")).to.equal(3);
    expect(await count("--status", "delivered", "--since", "2099-01-01T00:00:00Z")).to.equal(0);
  });

  it("pauses a destination until it is resumed, over restarts, and says why", async () => {
    const receiver = await startReceiver();
    const text = crm(receiver.url);
    const first = await startBridge(text);
    const paused = await commandsFor(first, text)("pause", "crm", "--reason", "moving house");
    expect(paused.stdout).to.equal("crm is paused\n");
    await first.stop();

    const second = await startBridge(text, { folder: first.folder });
    const run = commandsFor(second, text);
    await post(second, "d1", "10");
    expect((await run("destinations")).stdout).to.match(/crm +1 .*paused since .*: moving house/);
    const [{ id }] = (await second.admin("/api/v1/events?order=oldest")).body.items;
    expect((await run("explain", id)).stdout)
      .to.include("crm is paused since")
      .and.include("countersign resume crm");
    expect(receiver.deliveries).to.have.length(0);

    await run("resume", "crm", "--reason", "we have moved");
    await receiver.got(1);
    const { stdout } = await run("audit");
    expect(stdout).to.match(/resume .*we have moved[\s\S]*pause .*moving house/);
  });

  it("lists events and receipts, up to the given limit", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    expect((await run("events")).stdout).to.equal("no event\n");
    await post(bridge, "d1", "10", "20", "30");
    const all = async (...args: string[]) =>
      (await run("events", "--json", ...args)).stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).type);
    const types = ["document.completed", "document.fields_completed", "document.sent"];
    expect(await all()).to.deep.equal(types);
    expect(await all("--order", "oldest")).to.deep.equal(types.toReversed());
    expect((await run("events", "--limit", "2")).stdout).to.include("… and more");
    expect((await run("events", "--type", "document.sent")).stdout.trimEnd().split("\n")).to.have.length(2);
    expect((await run("receipts", "--problems")).stdout).to.equal("no receipt\n");
  });

  it("shows documents with their state, and one with its events in order", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10", "30", "100");
    await post(bridge, "d2", "10");
    const { stdout } = await run("documents");
    expect(stdout).to.match(/d1 +legalesign +completed +ready +0 of 0 +3/);
    expect(stdout).to.match(/d2 +legalesign +sent +– /);
    expect(
      (await run("documents", "--status", "sent", "--json")).stdout.trimEnd().split("\n"),
    ).to.have.length(1);
    const { body } = await bridge.admin("/api/v1/documents/d1");
    expect(body).to.deep.include({ id: "d1", status: "completed", downloadable: true, sequence: 3 });
    expect(body.events.map(({ sequence }: { sequence: number }) => sequence)).to.deep.equal([1, 2, 3]);
    expect((await bridge.admin("/api/v1/documents/d1?source=lumin")).status).to.equal(404);
  });

  it("says in one sentence that no bridge answers, a name is unknown or an option invalid", async () => {
    const text = crm("http://127.0.0.1:9/");
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    expect((await run("pause", "crn", "--reason", "typo")).stderr).to.equal(
      "countersign: there is no destination crn: there are crm\n",
    );
    expect((await run("replay", "--destination", "crm", "--since", "soon")).stderr).to.match(
      /^countersign: since: must be a moment/,
    );
    expect((await run("replay", "--destination", "crm", "--rate", "fast")).stderr).to.match(
      /^countersign: rate: must be a rate/,
    );
    expect((await run("pause", "crm")).code).to.equal(2);
    expect((await run("explain", "evt_no")).stderr).to.match(
      /^countersign: there is no event, delivery, receipt or document evt_no/,
    );
    await bridge.stop();
    const dead = await run("events");
    expect(dead.code).to.equal(1);
    expect(dead.stderr).to.match(
      /^countersign: no bridge answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\): is `countersign serve` running/,
    );
  });
});

describe("countersign explain", () => {
  afterEach(tidy);

  it("gives the full account of a delivered event with --verbose, from receipt to delivery", async () => {
    const receiver = await startReceiver((nth) => (nth === 1 ? 503 : 200));
    const text = crm(receiver.url, ", retry: [0s]");
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    const { receipt } = (await post(bridge, "d1", "30")).body;
    await post(bridge, "d1", "30");
    await settled(bridge);
    const [{ id }] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    const { stdout } = await run("explain", id, "--verbose");
    const explanation = [
      new RegExp(
        `Receipt ${receipt}: \\d+ bytes came from legalesign over batch, ` +
          "and the request was found genuine by token",
      ),
      new RegExp(
        "It said “document 30” .*; by legalesign@sha256:[0-9a-f]{12} " +
          `that is document\\.completed \\(${id}\\), number 1 of document d1`,
      ),
      /Reported again over batch by receipt rcp_/,
      new RegExp(`Attempt 1 to send ${id} to crm was answered with 503`),
      new RegExp(`Attempt 2 to send ${id} to crm was answered with 200`),
      new RegExp(`now +${id} is delivered to crm\\.`),
    ];
    for (const sentence of explanation) expect(stdout).to.match(sentence);
  });

  it("gives the same account by the ids of the delivery, the receipt and the document", async () => {
    const receiver = await startReceiver(() => 410);
    const text = crm(receiver.url);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    const { receipt } = (await post(bridge, "d1", "30")).body;
    await receiver.got(1);
    const state = async () => (await bridge.admin("/api/v1/deliveries?order=oldest")).body.items[0];
    await until(async () => (await state()).status === "parked", "the delivery is parked");
    const { id, event } = await state();
    for (const one of [id, event, receipt, "d1"]) {
      const { stdout } = await run("explain", one);
      expect(stdout, one).to.match(/→ crm {2}parked at .* after 1 attempt: 410 Gone \[\d\]/);
    }
  });

  it("names the problem of a receipt without an event, and an event without a destination", async () => {
    const text = configText();
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    const broken = await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, "data=nonsense", FORM);
    expect((await run("explain", broken.body.receipt)).stdout)
      .to.include("Not all of it could be read")
      .and.include("No event came of it");
    await post(bridge, "d1", "10");
    const [{ id }] = (await bridge.admin("/api/v1/events?order=oldest")).body.items;
    expect((await run("explain", id)).stdout).to.include("No destination asked for it.");
  });
});
