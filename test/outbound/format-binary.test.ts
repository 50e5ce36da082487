import { expect } from "chai";
import { type CloudEvent, HTTP } from "cloudevents";
import fc from "fast-check";
import { encode } from "../../src/outbound/encode.ts";
import { encodeBinary, headerValue } from "../../src/outbound/format-binary.ts";
import { anEvent } from "./fixtures.ts";

const OPTIONS = { typePrefix: "esign." };

describe("the format cloudevents-binary", () => {
  it("has the data in the body and every attribute in a header, but the content type in its own", () => {
    const event = anEvent();
    const { body, contentType, headers } = encodeBinary(event, OPTIONS);
    expect(contentType).to.equal("application/json");
    expect(headers).to.deep.equal({
      "ce-specversion": "1.0",
      "ce-id": event.id,
      "ce-source": "/sources/legalesign",
      "ce-type": "esign.signer.signed",
      "ce-subject": "documents/6619179c-1",
      "ce-time": "2022-07-11T07:29:06.000Z",
      "ce-partitionkey": "6619179c-1",
      "ce-recordedtime": "2026-01-01T00:00:00.000Z",
    });
    expect(JSON.parse(body.toString())).to.deep.equal(
      JSON.parse(encode(event, OPTIONS).body.toString()).data,
    );
  });

  it("is read by the CloudEvents SDK as the same event as the structured format", () => {
    for (const event of [anEvent(), anEvent({ document: null }), anEvent({ document: null, signer: null })]) {
      const structured = encode(event, OPTIONS);
      const binary = encodeBinary(event, OPTIONS);
      const [one, other] = [structured, binary].map(
        ({ body, contentType, headers }) =>
          HTTP.toEvent({
            headers: { ...headers, "content-type": contentType },
            body: body.toString(),
          }) as CloudEvent<unknown>,
      );
      expect(other?.validate()).to.equal(true);
      expect(other?.toJSON()).to.deep.equal(one?.toJSON());
    }
  });

  it("has no e-mail address and no title in a header", () => {
    const { headers } = encodeBinary(anEvent(), OPTIONS);
    expect(JSON.stringify(headers)).not.to.match(/@|vertrag/);
  });

  it("percent-encodes the binding's own example, space, quote and percent", () => {
    expect(headerValue("Euro € 😀")).to.equal("Euro%20%E2%82%AC%20%F0%9F%98%80");
    expect(headerValue('a"b%c\r\n\x7f')).to.equal("a%22b%25c%0D%0A%7F");
    expect(headerValue("!#$&~/ok")).to.equal("!#$&~/ok");
  });

  it("encodes any text as a header value that decodes to it again", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(headerValue(text)).to.match(/^[\x21-\x7e]*$/);
        expect(decodeURIComponent(headerValue(text))).to.equal(text);
      }),
    );
    expect(decodeURIComponent(headerValue("half \ud800"))).to.equal("half \ufffd");
  });
});
