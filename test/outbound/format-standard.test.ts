import { expect } from "chai";
import { encode } from "../../src/outbound/encode.ts";
import { encodeStandard } from "../../src/outbound/format-standard.ts";
import { anEvent } from "./fixtures.ts";

describe("the format standard", () => {
  it("has only the type, the time and the data that all formats share", () => {
    const event = anEvent();
    const { body, contentType, headers } = encodeStandard(event, { typePrefix: "esign." });
    expect(contentType).to.equal("application/json; charset=utf-8");
    expect(headers).to.equal(undefined);
    expect(JSON.parse(body.toString())).to.deep.equal({
      type: "esign.signer.signed",
      timestamp: "2022-07-11T07:29:06.000Z",
      data: JSON.parse(encode(event, { typePrefix: "esign." }).body.toString()).data,
    });
  });
});
