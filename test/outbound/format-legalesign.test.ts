import { expect } from "chai";
import { Webhook } from "standardwebhooks";
import { wants } from "../../src/domain/destination.ts";
import { EVENT_TYPES, type Event, type KnownType } from "../../src/domain/event.ts";
import { LEGALESIGN_CODES } from "../../src/domain/legalesign-codes.ts";
import {
  encodeBatch,
  encodeUpon,
  hasBatchCode,
  hasUponCode,
  isKnownToBatch,
  isKnownToUpon,
} from "../../src/outbound/format-legalesign.ts";
import { aRequest, fixture, read, shipped } from "../inbound/posts.ts";
import {
  type Bridge,
  configText,
  FORM,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { only } from "../support/only.ts";
import { until } from "../support/until.ts";
import { anEvent } from "./fixtures.ts";

const UUID = "6619179c-95da-4d5c-b7be-7bac0bac4088";
const documentOf = (given: Partial<NonNullable<Event["document"]>> = {}) => ({
  id: UUID,
  title: "Consultancy agreement",
  status: "completed" as const,
  downloadable: true,
  tags: [],
  references: {},
  test: null,
  expiresAt: null,
  ...given,
});
const code = (object: string, value: string, name: string | null = "status") => ({
  object,
  value,
  name,
  meaning: null,
});
const fieldsOf = (body: Uint8Array) => Object.fromEntries(new URLSearchParams(body.toString()));
const itemsOf = (body: Uint8Array) => JSON.parse(fieldsOf(body).data ?? "");
const readForm = async (body: Uint8Array, channel: string) =>
  read(aRequest({ body, headers: FORM }), await shipped("legalesign", channel));

describe("the format legalesign-upon", () => {
  it("has the fields of Legalesign's post, with the document's name, code, address, uuid and tags", () => {
    const event = anEvent({ type: "document.downloadable", document: documentOf({ tags: ["crm-4711"] }) });
    const { body, contentType } = encodeUpon(event);
    expect(contentType).to.equal("application/x-www-form-urlencoded");
    expect(body.toString()).to.equal(fixture("legalesign/upon.form").toString().trim());
  });

  it("leaves out what is not known, and tags beyond three", () => {
    const empty = anEvent({ type: "document.sent", document: documentOf({ title: null }) });
    expect(fieldsOf(encodeUpon(empty).body)).to.deep.include({
      name: "",
      event: "10",
      tag: "",
      tag1: "",
      tag2: "",
    });
    const full = anEvent({ type: "document.declined", document: documentOf({ tags: ["a", "b", "c", "d"] }) });
    expect(fieldsOf(encodeUpon(full).body)).to.deep.include({ event: "50", tag: "a", tag1: "b", tag2: "c" });
  });

  it("writes any title and id so that a form parser and our own mapping read them back", async () => {
    for (const text of ["Überlassung & Co. ✍ = 100 %+", "a/b?c#d", "half a pair \ud83d"]) {
      const event = anEvent({ type: "document.sent", document: documentOf({ title: text, id: text }) });
      const { drafts, problems } = await readForm(encodeUpon(event).body, "upon");
      expect(problems).to.deep.equal([]);
      expect(only([...drafts]).document?.title).to.equal(text.toWellFormed());
      expect(decodeURIComponent(only([...drafts]).document?.id ?? "")).to.equal(text.toWellFormed());
    }
  });

  it("has a code for the three kinds of post about documents, and for no other type", () => {
    expect(EVENT_TYPES.filter(hasUponCode)).to.have.members([
      "document.sent",
      "document.downloadable",
      "document.declined",
      "unknown",
    ]);
    for (const given of [{ type: "document.completed" }, { type: "signer.signed" }] as const) {
      expect(isKnownToUpon(anEvent(given))).to.equal(false);
      expect(() => encodeUpon(anEvent(given))).to.throw("has no code");
    }
    expect(isKnownToUpon(anEvent({ type: "document.sent", document: null }))).to.equal(false);
  });

  it("keeps a code that Legalesign's own post has and no table knows", () => {
    const event = anEvent({ type: "unknown", code: code("document", "77", null) });
    expect(fieldsOf(encodeUpon(event).body)).to.include({ event: "77" });
    for (const given of [{ code: code("document", "77") }, { code: code("signer", "77", null) }])
      expect(isKnownToUpon({ ...event, ...given })).to.equal(false);
    expect(isKnownToUpon({ ...event, provider: "lumin" })).to.equal(false);
  });
});

describe("the format legalesign-batch", () => {
  it("has Legalesign's members and spaces, and steps of a second", () => {
    const { body, contentType } = encodeBatch([anEvent({ time: "2022-07-11T07:29:06.999Z" })]);
    expect(contentType).to.equal("application/x-www-form-urlencoded");
    expect(fieldsOf(body)).to.deep.equal({
      data: '[{"value": "40", "timestamp": "2022-07-11T07:29:06+00:00", "resource_uri": "/api/v1/signer/656926a1-2/", "name": "status"}]',
    });
  });

  it("has the code of each type by its object: one number means two things", () => {
    const codes = (Object.keys(LEGALESIGN_CODES) as KnownType[]).map((type) => {
      const [item] = itemsOf(encodeBatch([anEvent({ type })]).body);
      return [item.resource_uri.split("/")[3], item.value, type];
    });
    expect(codes.filter(([, value]) => value === "40")).to.deep.equal([
      ["document", "40", "document.canceled"],
      ["signer", "40", "signer.signed"],
    ]);
    expect(new Set(codes.map(([object, value]) => `${object} ${value}`)).size).to.equal(codes.length);
  });

  it("agrees with the tables of the mapping, which reads every type back as the same event", async () => {
    for (const type of Object.keys(LEGALESIGN_CODES) as KnownType[]) {
      const event = anEvent({ type });
      const { drafts, problems } = await readForm(encodeBatch([event]).body, "batch");
      expect(problems).to.deep.equal([]);
      const draft = only([...drafts]);
      expect(draft).to.include({ type, time: Date.parse(event.time) });
      const about = type.startsWith("document.") ? draft.document : draft.signer;
      const expected = type.startsWith("document.") ? event.document : event.signer;
      expect(about?.id).to.equal(expected?.id);
    }
  });

  it("has no code for other types, and supports no event whose object is not known", () => {
    expect(EVENT_TYPES.filter((type) => !hasBatchCode(type))).to.deep.equal([
      "document.created",
      "document.cancel_failed",
      "document.failed",
      "document.due_date_changed",
      "document.expired",
      "signer.bounced",
      "signer.visit_failed",
    ]);
    const unsayable: Partial<Event>[] = [
      { type: "document.created" },
      { type: "document.sent", document: null },
      { signer: null },
      { type: "unknown", provider: "lumin", code: code("document", "signature_request_x") },
      { type: "unknown", code: code("template", "10") },
    ];
    for (const given of unsayable) {
      expect(wants({ events: ["*"], supports: isKnownToBatch }, anEvent(given))).to.equal(false);
      expect(() => encodeBatch([anEvent(given)])).to.throw("has no code");
    }
  });

  it("keeps a code and a name that Legalesign's own batch has and no table knows", async () => {
    const given = "legalesign/batch-unheard-of/body.form";
    const sent = itemsOf(fixture(given)).slice(0, 2);
    const events = sent.map(({ value, name }: Record<string, string>) =>
      anEvent({ type: "unknown", document: null, code: code("signer", value ?? "", name) }),
    );
    const items = itemsOf(encodeBatch(events).body);
    expect(items.map((one: object) => ({ ...one, resource_uri: "", timestamp: "" }))).to.deep.equal(
      sent.map((one: object) => ({ ...one, resource_uri: "", timestamp: "" })),
    );
  });
});

describe("a receiver that was written to Legalesign's legacy posts", () => {
  afterEach(tidy);

  const legacy = (format: string, url: string, more = "") =>
    configText(`destinations: { old: { url: "${url}", format: ${format}, secrets: ["${SECRET}"]${more} } }`);
  const admin = async (bridge: { admin(path: string): Promise<{ body: unknown }> }, path: string) =>
    (await bridge.admin(path)).body;

  it("gets the documented upon post as it went in, signed beside", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(legacy("legalesign-upon", receiver.url));
    const sample = fixture("legalesign/upon.form").toString().trim();
    const { body } = await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, sample, FORM);
    expect(body).to.include({ events: 2 });
    const [post] = await receiver.got(1);
    expect(post?.body.toString()).to.equal(sample);
    expect(post?.headers).to.include({ "content-type": "application/x-www-form-urlencoded" });
    expect(post?.headers).to.include.keys("webhook-id", "webhook-timestamp", "webhook-signature");
    const { items } = (await admin(bridge, "/api/v1/deliveries")) as { items: unknown[] };
    expect(items).to.have.length(1);
  });

  it("gets the items of the documented batch as they went in, one in each post", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(legacy("legalesign-batch", receiver.url, ", concurrency: 1"));
    const sample = fixture("legalesign/batch.form").toString().trim();
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, sample, FORM);
    const posts = await receiver.got(8);
    const texts = posts.map(({ body }) => fieldsOf(body).data?.slice(1, -1) ?? "");
    const sent =
      fieldsOf(Buffer.from(sample))
        .data?.slice(1, -1)
        .split(/(?<=}), /) ?? [];
    expect(texts).to.have.members(sent);
    const ofDocument = (all: string[]) => all.filter((text) => text.includes("/document/"));
    expect(ofDocument(texts)).to.deep.equal(ofDocument(sent));
  });

  describe("in batches of six minutes", () => {
    const START = Date.UTC(2026, 0, 31, 12);
    /** With the moment in which the last requests of the period are recorded. */
    const PERIOD = 365_000;
    const BATCH = ", batch: 6m, retry: [1m]";
    const postBatch = (bridge: Bridge, items: object[]) =>
      bridge.post(
        `/in/legalesign/batch?token=${TOKEN}`,
        new URLSearchParams({ data: JSON.stringify(items) }).toString(),
        FORM,
      );
    const item = (value: string, document: string, second = 0) => ({
      value,
      timestamp: `2026-01-31T12:00:0${second}+00:00`,
      resource_uri: `/api/v1/document/${document}/`,
      name: "status",
    });

    it("gets the documented batch byte for byte as it went in", async () => {
      const clock = createManualClock(START);
      const receiver = await startReceiver();
      const bridge = await startBridge(legacy("legalesign-batch", receiver.url, BATCH), { clock });
      const sample = fixture("legalesign/batch.form").toString().trim();
      await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, sample, FORM);
      await clock.advance(PERIOD - 1);
      expect(receiver.deliveries).to.have.length(0);
      await clock.advance(1);
      const [post] = await receiver.got(1);
      expect(post?.body.toString()).to.equal(sample);
      const signed = new Webhook(SECRET);
      const { headers } = only([...receiver.deliveries]);
      const [at, id] = [
        new Date(Number(headers["webhook-timestamp"]) * 1_000),
        String(headers["webhook-id"]),
      ];
      expect(signed.sign(id, at, sample)).to.equal(headers["webhook-signature"]);
    });

    it("gets a failed batch again as it was, under the same id, and what came since in the next", async () => {
      const clock = createManualClock(START);
      const receiver = await startReceiver((nth) => (nth === 1 ? 503 : 200));
      const text = legacy("legalesign-batch", receiver.url, BATCH);
      const bridge = await startBridge(text, { clock, random: () => 0 });
      await postBatch(bridge, [item("10", "d1"), item("20", "d1", 1)]);
      await postBatch(bridge, [item("10", "d2", 2)]);
      await clock.advance(PERIOD);
      await receiver.got(1);
      await until(async () => {
        const { items } = (await bridge.admin("/api/v1/deliveries")).body;
        return items.every(({ attempts }: { attempts: number }) => attempts === 1);
      }, "the failure is stored");
      await postBatch(bridge, [item("30", "d1", 3)]);
      await clock.advance(60_000);
      const [first, again] = await receiver.got(2);
      expect(again?.body.equals(first?.body ?? Buffer.alloc(0))).to.equal(true);
      expect(again?.headers["webhook-id"]).to.match(/^bat_/).and.equal(first?.headers["webhook-id"]);
      await until(async () => {
        const { items } = (await bridge.admin("/api/v1/deliveries?status=delivered")).body;
        return items.length === 3;
      }, "the batch is delivered");
      await clock.advance(PERIOD);
      const last = (await receiver.got(3))[2];
      expect(itemsOf(last?.body ?? Buffer.alloc(0))).to.deep.equal([item("30", "d1", 3)]);
      expect(last?.headers["webhook-id"]).to.match(/^evt_/);
    });

    it("parks what waited from before and has no code, and sends the rest together", async () => {
      const clock = createManualClock(START);
      const receiver = await startReceiver();
      const url = receiver.url;
      const plain = configText(
        `destinations: { old: { url: "${url}", secrets: ["${SECRET}"], paused: true } }`,
      );
      const before = await startBridge(plain, { clock });
      await postBatch(before, [item("10", "d1"), item("77", "d1", 1), item("30", "d1", 2)]);
      const created = JSON.stringify({
        event: { event_type: "signature_request_created", event_time: START },
        signature_request: { signature_request_id: "d1" },
      });
      await before.post("/in/lumin/account", created, signedByLumin(created));
      await before.stop();
      const { folder } = before;
      const bridge = await startBridge(legacy("legalesign-batch", url, BATCH), { clock, folder });
      const posts = await receiver.got(1);
      expect(posts.flatMap(({ body }) => itemsOf(body)).map(({ value }) => value)).to.deep.equal([
        "10",
        "77",
        "30",
      ]);
      const parked = () => bridge.admin("/api/v1/deliveries?status=parked");
      const [parkedOne] = await until(async () => {
        const { items } = (await parked()).body;
        return items.length === 1 && items;
      }, "one delivery is parked");
      expect(parkedOne).to.include({ reason: "unsupported_by_format", attempts: 0 });
    });

    it("has `explain` say when a waiting event goes", async () => {
      const clock = createManualClock(START);
      const receiver = await startReceiver();
      const bridge = await startBridge(legacy("legalesign-batch", receiver.url, BATCH), { clock });
      await postBatch(bridge, [item("10", "d1"), item("20", "d1", 1)]);
      const { sentences, summary } = (await bridge.admin("/api/v1/explain/d1")).body;
      const texts = sentences.map(({ text }: { text: string }) => text).join("\n");
      expect(texts).to.include(
        "waits: it goes in the batch that is due at 2026-01-31T12:06:05.000Z (in 6m5s) to old",
      );
      expect(summary.rows[1].deliveries[0].text).to.include("the batch that is due at 2026-01-31T12:06:05");
    });
  });

  it("gets what Lumin told, with Legalesign's codes", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(legacy("legalesign-batch", receiver.url));
    const signed = JSON.stringify({
      event: { event_type: "signature_request_signed", event_time: Date.UTC(2026, 0, 31, 12) },
      signature_request: {
        signature_request_id: "r1",
        signers: [{ name: "Ada", email_address: "ada@example.com", status: "APPROVED", is_approved: true }],
      },
    });
    const approved = JSON.stringify({
      event: { event_type: "signature_request_approved", event_time: Date.UTC(2026, 0, 31, 12, 0, 1) },
      signature_request: { signature_request_id: "r1" },
    });
    for (const body of [signed, approved]) await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const items = (await receiver.got(2)).flatMap(({ body }) => itemsOf(body));
    expect(items.map(({ value, timestamp }) => [value, timestamp])).to.deep.equal([
      ["40", "2026-01-31T12:00:00+00:00"],
      ["30", "2026-01-31T12:00:01+00:00"],
    ]);
    expect(items[0].resource_uri).to.match(/^\/api\/v1\/signer\/sgn_[a-z0-9]{26}\/$/);
    expect(items[1].resource_uri).to.equal("/api/v1/document/r1/");
  });

  it("gets nothing for a type without a code, and `explain` says why", async () => {
    const receiver = await startReceiver();
    const bridge = await startBridge(legacy("legalesign-batch", receiver.url));
    const created = JSON.stringify({
      event: { event_type: "signature_request_created", event_time: Date.UTC(2026, 0, 31, 12) },
      signature_request: { signature_request_id: "r1" },
    });
    await bridge.post("/in/lumin/account", created, signedByLumin(created));
    const { items } = (await admin(bridge, "/api/v1/events")) as { items: Event[] };
    const { sentences, summary } = (await admin(bridge, `/api/v1/explain/${only(items).id}`)) as {
      sentences: { text: string }[];
      summary: { notes: string[] };
    };
    const why = "Not sent to old: `format: legalesign-batch` has no word for it.";
    expect(sentences.map(({ text }) => text)).to.include(why);
    expect(summary.notes).to.include(why);
    expect(receiver.deliveries).to.have.length(0);
  });
});
