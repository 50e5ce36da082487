import { expect } from "chai";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import type { App } from "../../src/app.ts";
import { KINDS, needPostgres, STORES } from "../cli/stores.ts";
import {
  aFolder,
  type Bridge,
  configText,
  type Receiver,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const alerts = (text: string, store = "sqlite:./countersign.db") =>
  `${configText("destinations: {}")}alerts: ${text}\n`.replace("sqlite:./countersign.db", store);
const signed = (url: string, more = "") => `{ url: "${url}", secrets: ["${SECRET}"]${more} }`;

/** Refused requests, until they are a concern. */
async function beRefused(bridge: Pick<Bridge, "post">, clock: ManualClock): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    await bridge.post("/in/lumin/account", "{}", signedByLumin("{}", "another key altogether"));
    await clock.advance(6 * MINUTE_MS);
  }
}

const CREATED = JSON.stringify({
  event: { event_time: NEW_YEAR, event_type: "signature_request_created" },
  signature_request: {
    signature_request_id: "d1",
    title: "Lease",
    status: "WAITING_FOR_PROCESSING",
    signers: [],
  },
});
const beGenuine = (bridge: Pick<Bridge, "post">) =>
  bridge.post("/in/lumin/account", CREATED, signedByLumin(CREATED));

/** Looks, and lets what is told be delivered. */
async function look(bridge: Pick<App, "look">, clock: ManualClock): Promise<void> {
  await bridge.look();
  for (let n = 0; n < 20; n += 1) await clock.advance(10);
}

describe("alerts", () => {
  afterEach(tidy);

  /** Signatures are judged by the real time. */
  async function start(text: (url: string) => string) {
    const receiver = await startReceiver();
    const clock = createManualClock(Date.now() - 20 * MINUTE_MS);
    const bridge = await startBridge(alerts(text(receiver.url)), { clock });
    return { receiver, clock, bridge };
  }

  it("are signed CloudEvents when a concern begins and when it is over, each once", async () => {
    const { receiver, clock, bridge } = await start((url) => `{ ops: ${signed(url)} }`);
    await beRefused(bridge, clock);
    for (let n = 0; n < 3; n += 1) await look(bridge, clock);
    await receiver.got(1);
    await beGenuine(bridge);
    for (let n = 0; n < 3; n += 1) await look(bridge, clock);
    const [opened, closed, ...more] = await receiver.got(2);
    expect(more).to.deep.equal([]);
    for (const one of [opened, closed]) {
      const { headers, body } = one ?? expect.fail("nothing came");
      new Webhook(SECRET).verify(body, headers as Record<string, string>);
      expect(HTTP.toEvent({ headers, body: body.toString() })).to.include({ source: "/bridge" });
    }
    expect(opened?.json).to.include({
      type: "bridge.concern.opened",
      subject: "concerns/refused%3Alumin%2Faccount",
    });
    expect(opened?.json.data.concerns).to.have.length(1);
    expect(opened?.json.data.concerns[0]).to.include({
      id: "refused:lumin/account",
      change: "begun",
      severity: "critical",
    });
    expect(closed?.json).to.include({ type: "bridge.concern.closed" });
    expect(closed?.json.data.concerns[0]).to.include({ id: "refused:lumin/account", change: "over" });
  });

  it("are told to people in the shapes of Slack, Teams and e-mail, without a signature", async () => {
    const { receiver, clock, bridge } = await start(
      (url) =>
        `{ chat: { url: "${url}", format: slack }, team: { url: "${url}", format: teams }, ` +
        `mail: { url: "${url}", format: email-webhook, to: [ops@example.com] } }`,
    );
    await beRefused(bridge, clock);
    await look(bridge, clock);
    const got = await receiver.got(3);
    for (const { headers } of got) expect(headers).not.to.have.property("webhook-signature");
    const bodies = got.map(({ json }) => json);
    const slack = bodies.find((body) => typeof body.text === "string" && body.to === undefined);
    expect(slack.text).to.match(/^\*Countersign: critical refused:lumin\/account\*\n/);
    const team = bodies.find((body) => body.type === "message");
    expect(team.attachments[0].contentType).to.equal("application/vnd.microsoft.card.adaptive");
    expect(JSON.stringify(team)).to.include("All requests to lumin/account are refused since");
    const mail = bodies.find((body) => body.to !== undefined);
    expect(mail)
      .to.include({ subject: "Countersign: critical refused:lumin/account" })
      .and.have.deep.property("to", ["ops@example.com"]);
    expect(mail.text).to.include("What to do: ");
  });

  it("gather for people what one look finds, and are an event each for programs", async () => {
    const receivers = { chat: await startReceiver(), ops: await startReceiver() };
    const clock = createManualClock(NEW_YEAR);
    const text = alerts(
      `{ chat: { url: "${receivers.chat.url}", format: slack }, ops: ${signed(receivers.ops.url)} }`,
    );
    const bridge = await startBridge(text, { clock });
    await beRefused(bridge, clock);
    await clock.advance(DAY_MS);
    await look(bridge, clock);
    const told = await receivers.ops.got(2);
    expect(told.length).to.be.greaterThan(1);
    const [message, ...more] = await receivers.chat.got(1);
    expect(more).to.deep.equal([]);
    for (const { json } of told) expect(message?.json.text).to.include(json.data.concerns[0].id);
  });

  it("say nothing of documents but their ids, unless `details` is on: then their titles too", async () => {
    const receivers = { plain: await startReceiver(), full: await startReceiver() };
    const clock = createManualClock(NEW_YEAR);
    const text = `${alerts(
      `{ plain: ${signed(receivers.plain.url)}, full: ${signed(receivers.full.url, ", details: true")} }`,
    )}concerns: { stuckAfter: 1d }\n`;
    const bridge = await startBridge(text, { clock });
    const sent = CREATED.replace("signature_request_created", "signature_request_sent");
    await bridge.post("/in/lumin/account", sent, signedByLumin(sent));
    await clock.advance(2 * DAY_MS);
    await look(bridge, clock);
    const of = async (receiver: Receiver) =>
      (await receiver.got(1))
        .map(({ body }) => body.toString())
        .find((body) => body.includes("document_stuck")) ?? "";
    expect(await of(receivers.plain))
      .to.include("d1")
      .and.not.include("Lease");
    expect(JSON.parse(await of(receivers.full)).data.concerns[0].documents).to.deep.equal([
      { id: "d1", title: "Lease" },
    ]);
  });

  it("go to nobody else: a destination that wants everything gets none", async () => {
    const receivers = { ops: await startReceiver(), crm: await startReceiver() };
    const clock = createManualClock(NEW_YEAR);
    const crm = `destinations: { crm: { url: "${receivers.crm.url}", secrets: ["${SECRET}"] } }`;
    const text = `${configText(crm)}alerts: { ops: ${signed(receivers.ops.url)} }\n`;
    const bridge = await startBridge(text, { clock });
    await beRefused(bridge, clock);
    await look(bridge, clock);
    await receivers.ops.got(1);
    await beGenuine(bridge);
    await clock.advance(1_000);
    const [first, ...more] = await receivers.crm.got(1);
    expect(first?.json.type).to.equal("esign.document.created");
    expect(more).to.deep.equal([]);
    expect(receivers.ops.deliveries.map(({ json }) => json.type)).to.deep.equal(["bridge.concern.opened"]);
  });

  it("are a concern themselves when they cannot be delivered", async () => {
    const failing = await startReceiver(() => 410);
    const clock = createManualClock(NEW_YEAR);
    const bridge = await startBridge(alerts(`{ ops: ${signed(failing.url)} }`), { clock });
    await beRefused(bridge, clock);
    await look(bridge, clock);
    await failing.got(1);
    await look(bridge, clock);
    const { items } = (await bridge.admin("/api/v1/concerns")).body;
    expect(items.map(({ id }: { id: string }) => id)).to.include("parked:ops/gone");
  });

  for (const kind of KINDS)
    it(`come once, also over restarts in between (${kind})`, async function () {
      if (kind === "postgres") await needPostgres.call(this);
      this.timeout(60_000);
      const receiver = await startReceiver();
      const chat = `chat: { url: "${receiver.url}", format: slack }`;
      const text = alerts(`{ ops: ${signed(receiver.url)}, ${chat} }`, await STORES[kind]());
      const folder = aFolder();
      const clock = createManualClock(NEW_YEAR);
      const first = await startBridge(text, { clock, folder });
      await beRefused(first, clock);
      await first.look();
      await first.stop();
      for (let n = 0; n < 3; n += 1) {
        // Nodes that share a store: another one looks once the lease of the one before has ended.
        await clock.advance(3 * MINUTE_MS);
        const next = await startBridge(text, { clock, folder });
        await look(next, clock);
        await receiver.got(2);
        await next.stop();
      }
      const about = receiver.deliveries.filter(({ body }) => body.includes("refused:lumin/account"));
      const told = about.map(({ json }) => json.type ?? "slack");
      expect(told.toSorted()).to.deep.equal(["bridge.concern.opened", "slack"]);
    });
});
