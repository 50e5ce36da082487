import { readFileSync } from "node:fs";
import { expect } from "chai";
import { HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import {
  configText,
  FORM,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "./support/bridge.ts";
import { createManualClock } from "./support/clock.ts";
import { until } from "./support/until.ts";

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url));
const BATCH = fixture("legalesign/batch.form");
const LUMIN_VECTOR = fixture("lumin/vector.json").toString().trimEnd();
const LUMIN_SIGNATURE = "3810cb411041efab279d31698b9584372e5ede9d1641fbb354810f16e51be81c";

const crm = (url: string, rest = "") =>
  configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"]${rest} } }`);

describe("the bridge", () => {
  afterEach(tidy);

  it("takes the README's example from the provider's post to a verified event", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(crm(receiver.url));
    const answer = await bridge.post("/in/lumin/account", LUMIN_VECTOR, { "x-signature": LUMIN_SIGNATURE });
    expect(answer.status).to.equal(200);
    expect(answer.body).to.deep.include({ events: 1, duplicates: 0, problem: null });

    const [delivery] = await receiver.got(1);
    if (!delivery) throw new Error("nothing came");
    const headers = delivery.headers as Record<string, string>;
    expect(() => new Webhook(SECRET).verify(delivery.body, headers)).not.to.throw();
    const event = HTTP.toEvent({ headers, body: delivery.body.toString() });
    expect(event).to.deep.include({
      id: headers["webhook-id"],
      type: "esign.document.sent",
      source: "/sources/lumin",
      subject: "documents/fa5c8a0b0f492d768749333ad6fcc214c111e967",
      time: "2023-09-14T04:03:27.595Z",
    });
    expect(delivery.json.data).to.deep.include({
      provider: "lumin",
      channel: "account",
      sequence: 1,
      document: {
        id: "fa5c8a0b0f492d768749333ad6fcc214c111e967",
        title: "My first request",
        status: "sent",
        downloadable: false,
        tags: [],
        references: {},
        test: null,
        expiresAt: null,
      },
    });
  });

  it("refuses Lumin's vector with a compact body and the digest of the spaced one", async () => {
    const bridge = await startBridge();
    const compact = JSON.stringify(JSON.parse(LUMIN_VECTOR));
    const answer = await bridge.post("/in/lumin/account", compact, { "x-signature": LUMIN_SIGNATURE });
    expect(answer.status).to.equal(401);
    expect(answer.body).to.include({ error: "bad_signature" });
    expect((await bridge.admin("/api/v1/events")).body.items).to.deep.equal([]);
  });

  it("makes eight events of an eight-item batch, in order, and none when it is repeated", async () => {
    const bridge = await startBridge();
    const first = await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, BATCH, FORM);
    expect(first.body).to.deep.include({ events: 8, duplicates: 0 });
    const again = await bridge.post(`/in/legalesign/batch/${TOKEN}`, BATCH, FORM);
    expect(again.body).to.deep.include({ events: 0, duplicates: 8 });

    const { items } = (await bridge.admin("/api/v1/events?order=oldest")).body;
    expect(items.map(({ type }: { type: string }) => type)).to.deep.equal([
      "signer.scheduled",
      "signer.sent",
      "signer.viewed",
      "document.fields_completed",
      "signer.fields_completed",
      "signer.signed",
      "document.completed",
      "document.downloadable",
    ]);
  });

  it("forwards the batch in order per document and per signer", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(crm(receiver.url));
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, BATCH, FORM);
    const deliveries = await receiver.got(8);
    const typesOf = (subject: string) =>
      deliveries
        .filter(({ json }) => json.subject.startsWith(subject))
        .map(({ json }) => json.type.replace("esign.", ""));
    expect(typesOf("documents/")).to.deep.equal([
      "document.fields_completed",
      "document.completed",
      "document.downloadable",
    ]);
    expect(typesOf("signers/")).to.deep.equal([
      "signer.scheduled",
      "signer.sent",
      "signer.viewed",
      "signer.fields_completed",
      "signer.signed",
    ]);
  });

  it("attempts a failed delivery again with the same id, on its own schedule", async () => {
    const clock = createManualClock(Date.UTC(2026, 0, 1));
    const receiver = await startReceiver((nth) => (nth === 1 ? 500 : 200));
    const bridge = await startBridge(crm(receiver.url, ", retry: [5s]"), { clock, random: () => 0 });
    await bridge.post("/in/lumin/account", LUMIN_VECTOR, { "x-signature": LUMIN_SIGNATURE });
    const [first] = await receiver.got(1);
    const { items } = (await bridge.admin("/api/v1/events?order=oldest")).body;
    const delivery = async () => (await bridge.admin(`/api/v1/events/${items[0].id}`)).body.deliveries[0];
    await until(async () => (await delivery()).attempts === 1, "the first attempt is recorded");
    expect(receiver.deliveries).to.have.length(1);

    await clock.advance(5_000);
    const second = (await receiver.got(2))[1];
    expect(second?.headers["webhook-id"]).to.equal(first?.headers["webhook-id"]);
    expect(Number(second?.headers["webhook-timestamp"])).to.equal(
      Number(first?.headers["webhook-timestamp"]) + 5,
    );
  });

  it("sends an added destination only later events, and stores those without a destination", async () => {
    const before = await startBridge();
    await before.post(`/in/legalesign/batch?token=${TOKEN}`, BATCH, FORM);
    const [event] = (await before.admin("/api/v1/events?order=oldest")).body.items;
    expect((await before.admin(`/api/v1/events/${event.id}`)).body.deliveries).to.deep.equal([]);
    await before.stop();

    const receiver = await startReceiver();
    const after = await startBridge(crm(receiver.url), { folder: before.folder });
    await after.post("/in/lumin/account", LUMIN_VECTOR, { "x-signature": LUMIN_SIGNATURE });
    const [delivery] = await receiver.got(1);
    expect(delivery?.json.type).to.equal("esign.document.sent");
    expect(receiver.deliveries).to.have.length(1);
  });

  it("parks the open deliveries of a removed destination, with the reason", async () => {
    const receiver = await startReceiver(() => 500);
    const before = await startBridge(crm(receiver.url));
    await before.post("/in/lumin/account", LUMIN_VECTOR, { "x-signature": LUMIN_SIGNATURE });
    await receiver.got(1);
    await before.stop();

    const after = await startBridge(configText(), { folder: before.folder });
    const [event] = (await after.admin("/api/v1/events?order=oldest")).body.items;
    const [delivery] = (await after.admin(`/api/v1/events/${event.id}`)).body.deliveries;
    expect(delivery).to.include({ destination: "crm", status: "parked", reason: "destination_removed" });
  });

  it("sends a destination only the types it asked for", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(
      crm(receiver.url, ', events: ["document.*", "signer.signed"], ordering: none'),
    );
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, BATCH, FORM);
    const types = (await receiver.got(4)).map(({ json }) => json.type);
    expect(types).to.have.members([
      "esign.document.fields_completed",
      "esign.signer.signed",
      "esign.document.completed",
      "esign.document.downloadable",
    ]);
  });

  it("names the signers of a Lumin request who signed, one event each, when one post shows two", async () => {
    const bridge = await startBridge();
    const request = (type: string, time: number, ...approved: boolean[]) => {
      const signers = approved.map((is_approved, i) => ({
        name: `S${i}`,
        email: `s${i}@example.com`,
        is_approved,
      }));
      const event = { event_type: `signature_request_${type}`, event_time: time };
      return JSON.stringify({ event, signature_request: { signature_request_id: "r1", signers } });
    };
    const post = (body: string) => bridge.post("/in/lumin/account", body, signedByLumin(body));
    await post(request("created", 1_700_000_000_000, false, false, false));
    const signed = request("signed", 1_700_000_001_000, true, true, false);
    expect((await post(signed)).body).to.include({ events: 2 });
    expect((await post(signed)).body).to.include({ events: 0, duplicates: 2 });
    const { items } = (await bridge.admin("/api/v1/events?order=oldest&type=signer.signed")).body;
    expect(items.map(({ signer }: { signer: { name: string } }) => signer.name)).to.deep.equal(["S0", "S1"]);
  });

  it("loses no event when it is stopped in the middle of traffic", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(crm(receiver.url, ", ordering: none"));
    const posts = Array.from({ length: 60 }, (_, i) => {
      const event = { event_type: "signature_request_created", event_time: 1_700_000_000_000 + i };
      return JSON.stringify({ event, signature_request: { signature_request_id: `r${i}` } });
    });
    const sending = posts.map((body) =>
      bridge.post("/in/lumin/account", body, signedByLumin(body)).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    await receiver.got(1);
    await bridge.stop();
    const accepted = (await Promise.all(sending)).filter(Boolean).length;

    const after = await startBridge(crm(receiver.url, ", ordering: none"), { folder: bridge.folder });
    const { items } = (await after.admin("/api/v1/events?order=oldest&limit=1000")).body;
    expect(items.length).to.be.at.least(accepted);
    await receiver.got(items.length);
    const ids = new Set(receiver.deliveries.map(({ headers }) => headers["webhook-id"]));
    expect([...ids]).to.have.members(items.map(({ id }: { id: string }) => id));
  });
});
