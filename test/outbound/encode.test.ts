import { expect } from "chai";
import { type CloudEvent, HTTP } from "cloudevents";
import { encode, ForwardedEvent } from "../../src/outbound/encode.ts";
import { anEvent } from "./fixtures.ts";

const OPTIONS = { typePrefix: "esign." };
const parse = (body: Buffer): unknown => JSON.parse(body.toString());

describe("encode", () => {
  it("makes the documented CloudEvent", () => {
    const event = anEvent();
    const { body, contentType } = encode(event, OPTIONS);
    const { id, source: _, type: __, time: ___, recordedAt: ____, ...data } = event;
    expect(contentType).to.equal("application/cloudevents+json; charset=utf-8");
    expect(parse(body)).to.deep.equal({
      specversion: "1.0",
      id,
      source: "/sources/legalesign",
      type: "esign.signer.signed",
      subject: "documents/6619179c-1",
      time: "2022-07-11T07:29:06.000Z",
      datacontenttype: "application/json",
      partitionkey: "6619179c-1",
      recordedtime: "2026-01-01T00:00:00.000Z",
      data,
    });
  });

  it("is accepted by the CloudEvents SDK and by our own schema", () => {
    for (const event of [anEvent(), anEvent({ document: null }), anEvent({ document: null, signer: null })]) {
      const { body, contentType } = encode(event, OPTIONS);
      expect(() => ForwardedEvent.parse(parse(body))).not.to.throw();
      const read = HTTP.toEvent<{ provider: string }>({
        headers: { "content-type": contentType },
        body: body.toString(),
      }) as CloudEvent<{ provider: string }>;
      expect(read.validate()).to.equal(true);
      expect(read).to.include({ id: event.id, type: "esign.signer.signed", source: "/sources/legalesign" });
      expect(read.data?.provider).to.equal("legalesign");
    }
  });

  it("has the signer as subject while the document is unknown, and none when both are", () => {
    const signerOnly = parse(encode(anEvent({ document: null }), OPTIONS).body);
    expect(signerOnly).to.include({ subject: "signers/656926a1-2" });
    expect(signerOnly).not.to.have.property("partitionkey");
    const anonymous = parse(encode(anEvent({ document: null, signer: null }), OPTIONS).body);
    expect(anonymous).not.to.have.any.keys("subject", "partitionkey");
  });

  it("percent-encodes ids, and half a surrogate pair does not make an event undeliverable", () => {
    const document = { ...anEvent().document, id: "a/b ü?\ud800" } as NonNullable<
      ReturnType<typeof anEvent>["document"]
    >;
    const body = parse(encode(anEvent({ source: "north & south", document }), OPTIONS).body);
    expect(body).to.include({
      source: "/sources/north%20%26%20south",
      subject: "documents/a%2Fb%20%C3%BC%3F%EF%BF%BD",
    });
  });

  it("puts the destination's prefix before the type", () => {
    const { body } = encode(anEvent({ type: "unknown" }), { typePrefix: "com.example." });
    expect(parse(body)).to.include({ type: "com.example.unknown" });
  });
});
