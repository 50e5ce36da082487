import { expect } from "chai";
import { Webhook } from "standardwebhooks";
import {
  configText,
  type Delivered,
  FORM,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";

const UPSTREAM = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;

const inner = (receiver: string) => `
server: { host: 127.0.0.1, port: 0 }
admin: { port: 0 }
store: sqlite:./countersign.db
sources:
  outer: { mapping: standard-webhooks, channels: { countersign: { secrets: ["${UPSTREAM}"] } } }
destinations:
  crm: { url: "${receiver}", secrets: ["${SECRET}"] }
`;

/** A batch of Legalesign's with the timelines of two documents, in turns. */
function batch(): string {
  const items = ["10", "20", "30", "100"].flatMap((value, step) =>
    ["d1", "d2"].map((id) => ({
      value,
      timestamp: `2022-07-11T07:29:0${step}+00:00`,
      resource_uri: `/api/v1/document/${id}/`,
      name: "status",
    })),
  );
  return `data=${encodeURIComponent(JSON.stringify(items))}`;
}

const linesOf = (deliveries: readonly Delivered[], document: string) =>
  deliveries
    .filter(({ json }) => json.data.document?.id === document)
    .map(({ json }) => [json.id, json.type, json.time, json.data.document.status, json.data.sequence]);

describe("a bridge behind a bridge", () => {
  afterEach(tidy);

  for (const format of ["cloudevents", "standard"]) {
    it(`delivers every event with its own id and in order, in the format ${format}`, async () => {
      const [receiver, witness] = [await startReceiver(), await startReceiver()];
      const second = await startBridge(inner(receiver.url));
      const first = await startBridge(
        configText(`destinations:
  second: { url: "${second.url}/in/outer/countersign", secrets: ["${UPSTREAM}"], format: ${format} }
  witness: { url: "${witness.url}", secrets: ["${SECRET}"] }`),
      );
      await first.post(`/in/legalesign/batch?token=${TOKEN}`, batch(), FORM);
      const [reported, arrived] = await Promise.all([witness.got(8), receiver.got(8)]);
      for (const document of ["d1", "d2"]) {
        const expected = linesOf(reported, document);
        expect(expected).to.have.length(4);
        expect(linesOf(arrived, document)).to.deep.equal(expected);
      }
      for (const { body, headers } of arrived)
        expect(() => new Webhook(SECRET).verify(body, headers as Record<string, string>)).not.to.throw();
    });
  }

  it("records no event again that the first one repeats", async () => {
    const receiver = await startReceiver();
    const second = await startBridge(inner(receiver.url));
    const first = await startBridge(
      configText(
        `destinations: { second: { url: "${second.url}/in/outer/countersign", secrets: ["${UPSTREAM}"] } }`,
      ),
    );
    await first.post(`/in/legalesign/batch?token=${TOKEN}`, batch(), FORM);
    await receiver.got(8);
    const replay = { method: "POST", headers: { "content-type": "application/json" } };
    await fetch(`${first.adminUrl}/api/v1/replays`, {
      ...replay,
      body: JSON.stringify({ destination: "second", status: "all", reason: "a test" }),
    });
    for (;;) {
      const { body } = await second.admin("/api/v1/receipts?order=oldest&limit=100");
      if (body.items.length === 16) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await second.admin("/api/v1/events?limit=100")).body.items).to.have.length(8);
    expect(receiver.deliveries).to.have.length(8);
  });

  it("refuses a post that the first has not signed, or that is too old", async () => {
    const second = await startBridge(inner("http://127.0.0.1:9/"));
    const body = JSON.stringify({ type: "esign.unknown", time: "2026-01-01T00:00:00Z", data: {} });
    const signed = (at: Date, key = UPSTREAM) => ({
      "content-type": "application/json",
      "webhook-id": "evt_5gqk1v8m3x0c7t2n9w4rj6h0dz",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": new Webhook(key).sign("evt_5gqk1v8m3x0c7t2n9w4rj6h0dz", at, body),
    });
    const post = (headers: Record<string, string>) => second.post("/in/outer/countersign", body, headers);
    expect((await post(signed(new Date(), SECRET))).status).to.equal(401);
    expect((await post(signed(new Date(Date.now() - 600_000)))).status).to.equal(401);
    expect((await post(signed(new Date()))).body).to.include({ events: 1, problem: null });
    expect((await post(signed(new Date()))).body).to.include({ events: 0, duplicates: 1 });
    const { body: found } = await second.admin("/api/v1/events?order=oldest");
    expect(found.items[0]).to.include({ id: "evt_5gqk1v8m3x0c7t2n9w4rj6h0dz", type: "unknown" });
  });
});

describe("any sender that signs as Standard Webhooks say", () => {
  afterEach(tidy);

  for (const prefix of ["webhook", "svix"]) {
    it(`makes one event of each message id, with headers that begin with ${prefix}`, async () => {
      const bridge = await startBridge(inner("http://127.0.0.1:9/").replace("countersign:", `${prefix}:`));
      const send = (id: string, body: object, minutes = 0) => {
        const [text, at] = [JSON.stringify(body), new Date(Date.now() + minutes * 60_000)];
        return bridge.post(`/in/outer/${prefix}`, text, {
          [`${prefix}-id`]: id,
          [`${prefix}-timestamp`]: String(Math.floor(at.getTime() / 1_000)),
          [`${prefix}-signature`]: `v1,AAAA ${new Webhook(UPSTREAM).sign(id, at, text)} v1a,BBBB`,
        });
      };
      expect((await send("msg_1", { type: "invoice.paid" })).body).to.include({ events: 1 });
      expect((await send("msg_1", { type: "invoice.paid" }, 2)).body).to.include({
        events: 0,
        duplicates: 1,
      });
      expect((await send("msg_2", { type: "invoice.paid" })).body).to.include({ events: 1 });
      expect((await send("msg_3", { type: "document.sent", x: 1 })).body).to.include({ problem: null });
      const { body } = await bridge.admin("/api/v1/events?order=oldest");
      expect(
        body.items.map(({ type, code }: { type: string; code: { value: string } }) => [type, code.value]),
      ).to.deep.equal([
        ["unknown", "invoice.paid"],
        ["unknown", "invoice.paid"],
        ["unknown", "document.sent"],
      ]);
    });
  }
});
