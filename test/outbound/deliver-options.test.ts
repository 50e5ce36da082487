import { createHmac } from "node:crypto";
import type { LookupFunction } from "node:net";
import { expect } from "chai";
import { type CloudEvent, HTTP } from "cloudevents";
import { Webhook } from "standardwebhooks";
import type { Event } from "../../src/domain/event.ts";
import { createDeliver, type DeliverOptions } from "../../src/outbound/deliver.ts";
import type { Destination } from "../../src/outbound/destination.ts";
import { FORMAT_NAMES } from "../../src/outbound/format.ts";
import { parseSecret } from "../../src/outbound/sign.ts";
import { createManualClock } from "../support/clock.ts";
import { aDestination, anEvent, type Received, type Receiver, SECRET, startReceiver } from "./fixtures.ts";

describe("deliver, as a destination asks for it", () => {
  const open: Receiver[] = [];
  afterEach(() => Promise.all(open.splice(0).map((receiver) => receiver.close())));

  /** The official library compares with the real time, so time starts there. */
  const clock = createManualClock(Date.now());
  before(() => clock.set(Date.now()));
  /** The post that a receiver gets. */
  async function deliverOnce(
    given: Partial<Destination>,
    event: Event = anEvent(),
    options?: DeliverOptions,
  ): Promise<Received> {
    const receiver = await startReceiver();
    open.push(receiver);
    const deliver = createDeliver({ clock, version: "0.1.0" });
    const attempt = await deliver(aDestination({ url: receiver.url, ...given }), event, 1, options);
    expect(attempt).to.include({ cause: "answered", status: 200 });
    expect(receiver.received).to.have.length(1);
    return receiver.received[0] as Received;
  }
  const headersOf = ({ headers }: Received) => headers as Record<string, string>;

  for (const format of FORMAT_NAMES) {
    it(`satisfies the official verifier in the format ${format}`, async () => {
      const received = await deliverOnce({ format }, anEvent({ type: "document.sent" }));
      const verify = (body: Buffer) => new Webhook(SECRET).verify(body, headersOf(received));
      // Once the signature is found good, the library parses JSON, which a form is not.
      if (format.startsWith("legalesign-")) expect(() => verify(received.body)).to.throw(SyntaxError);
      else expect(() => verify(received.body)).not.to.throw();
      expect(() => verify(Buffer.concat([received.body, Buffer.from(" ")]))).to.throw(
        "No matching signature",
      );
      expect(received.headers["user-agent"]).to.equal("Countersign/0.1.0");
    });
  }

  it("sends and signs the CloudEvents structure as plain JSON where the destination says so", async () => {
    const [asked, usual] = [await deliverOnce({ contentType: "application/json" }), await deliverOnce({})];
    expect(asked.headers["content-type"]).to.equal("application/json; charset=utf-8");
    expect(usual.headers["content-type"]).to.equal("application/cloudevents+json; charset=utf-8");
    expect(asked.body.equals(usual.body)).to.equal(true);
    expect(() => new Webhook(SECRET).verify(asked.body, headersOf(asked))).not.to.throw();
  });

  for (const format of ["cloudevents", "cloudevents-binary"] as const) {
    it(`is read by the CloudEvents SDK in the format ${format}`, async () => {
      const { headers, body } = await deliverOnce({ format });
      const event = HTTP.toEvent({ headers, body: body.toString() }) as CloudEvent<Event>;
      expect(event.validate()).to.equal(true);
      expect(event).to.include({
        id: anEvent().id,
        type: "esign.signer.signed",
        subject: "documents/6619179c-1",
      });
      expect(event.data?.document?.title).to.equal("Überlassungsvertrag ✍");
    });
  }

  it("signs the format lumin as Lumin does, with the first secret, in lower-case hexadecimal", async () => {
    const { headers, body } = await deliverOnce({
      format: "lumin",
      secrets: [parseSecret("raw:my_primary_api_key"), parseSecret(SECRET)],
    });
    const expected = createHmac("sha256", "my_primary_api_key").update(body).digest("hex");
    expect(headers["x-signature"]).to.equal(expected);
    expect(headers["content-type"]).to.equal("application/json; charset=utf-8");
    expect(JSON.parse(body.toString()).event.event_type).to.equal("signature_request_signed");
  });

  it("does not send an event that the format cannot express, and says why", async () => {
    const deliver = createDeliver({ clock, version: "0.1.0" });
    const attempt = await deliver(aDestination({ format: "lumin" }), anEvent({ type: "unknown" }), 1);
    expect(attempt).to.include({
      cause: "unencodable",
      status: null,
      answer: "the format lumin has no words for this unknown",
    });
  });

  it("adds the destination's own signature over the bytes sent", async () => {
    const alsoSign = {
      header: "x-signature",
      hash: "sha256",
      encoding: "hex",
      prefix: "sha256=",
      secret: parseSecret("raw:old"),
    } as const;
    const received = await deliverOnce({ alsoSign });
    const expected = createHmac("sha256", "old").update(received.body).digest("hex");
    expect(received.headers["x-signature"]).to.equal(`sha256=${expected}`);
    expect(() => new Webhook(SECRET).verify(received.body, headersOf(received))).not.to.throw();
  });

  it("sends the destination's own headers with every post", async () => {
    const headers = { "x-tenant": "acme", authorization: "Bearer t0ken" };
    const { headers: got } = await deliverOnce({ headers });
    expect(got).to.include({ ...headers, "webhook-id": anEvent().id });
  });

  it("marks a replayed delivery with a header, under the same id, and no other", async () => {
    const replayed = await deliverOnce({}, anEvent(), { replayed: true });
    expect(replayed.headers).to.include({ "countersign-replay": "1", "webhook-id": anEvent().id });
    const usual = await deliverOnce({}, anEvent(), { replayed: false });
    expect(usual.headers).not.to.have.property("countersign-replay");
  });

  describe("guards its connections", () => {
    const resolving =
      (...addresses: string[]): LookupFunction =>
      (_hostname, _options, callback) =>
        callback(
          null,
          addresses.map((address) => ({ address, family: 4 })),
        );
    const start = async (...given: Parameters<typeof startReceiver>) => {
      const receiver = await startReceiver(...given);
      open.push(receiver);
      return receiver;
    };
    const byName = (receiver: Receiver) => receiver.url.replace("127.0.0.1", "crm.internal");

    it("connects to the resolver's address", async () => {
      const receiver = await start();
      const deliver = createDeliver({ clock, version: "0.1.0", lookup: resolving("127.0.0.1") });
      const attempt = await deliver(aDestination({ url: byName(receiver) }), anEvent(), 1);
      expect(attempt).to.include({ cause: "answered", status: 200 });
    });

    it("connects to no address of a name when one of them is refused", async () => {
      const receiver = await start();
      const lookup = resolving("127.0.0.1", "169.254.169.254");
      const deliver = createDeliver({ clock, version: "0.1.0", lookup });
      const attempt = await deliver(aDestination({ url: byName(receiver) }), anEvent(), 1);
      expect(attempt).to.include({ cause: "blocked", status: null });
      expect(attempt.answer).to.equal(
        "crm.internal resolves to 169.254.169.254, which is a cloud metadata address: " +
          "nothing is ever posted there",
      );
      expect(receiver.connections).to.equal(0);
    });

    it("refuses loopback for `network: public`, by name and by address", async () => {
      const receiver = await start();
      const deliver = createDeliver({ clock, version: "0.1.0", lookup: resolving("127.0.0.1") });
      for (const url of [receiver.url, byName(receiver)]) {
        const attempt = await deliver(aDestination({ url, network: "public" }), anEvent(), 1);
        expect(attempt).to.include({ cause: "blocked", status: null });
        expect(attempt.answer).to.match(/127\.0\.0\.1.* is a loopback address: .*`network: public`/);
      }
      expect(receiver.connections).to.equal(0);
    });

    it("resolves the name again for a new connection, also for one past a stale one", async () => {
      const used = new WeakSet<object>();
      const receiver = await start((response, _received, { socket }) => {
        if (used.has(socket)) return void socket.destroy();
        used.add(socket);
        response.end("ok");
      });
      const found = ["127.0.0.1", "169.254.169.254"];
      const lookup: LookupFunction = (...asked) => resolving(String(found.shift()))(...asked);
      const deliver = createDeliver({ clock, version: "0.1.0", lookup });
      const destination = aDestination({ url: byName(receiver) });
      expect(await deliver(destination, anEvent(), 1)).to.include({ cause: "answered" });
      expect(await deliver(destination, anEvent(), 2)).to.include({ cause: "blocked" });
    });
  });
});
