import { expect } from "chai";
import { bytesAt, textAt } from "../../src/inbound/at-place.ts";
import { openRequest } from "../../src/inbound/open-request.ts";
import { atOnce } from "../../src/inbound/steps.ts";
import { formatPlace, PlaceText, parsePlace } from "../../src/mapping/request-place.ts";
import { aRequest } from "./posts.ts";

describe("a place in a request", () => {
  const JSON_BODY = { from: { in: "body" }, as: "json" } as const;
  const FORM = { from: { in: "body" }, as: "form" } as const;
  const raw = aRequest({
    body: Buffer.from("data=caf%E9+1&data=2&empty=", "latin1"),
    headers: { "x-signature": "caf\xe9", "content-type": "application/x-www-form-urlencoded" },
    query: new URLSearchParams("token=a%2Bb&token=c"),
  });
  const request = openRequest(raw, JSON_BODY);
  const at = (place: string) => bytesAt(request, parsePlace(place))[0] ?? null;

  it("is the body, byte for byte", () => {
    expect(at("body")).to.equal(request.body);
  });

  it("is a header, in whichever case the mapping names it, as the bytes that came", () => {
    expect(at("header:X-Signature")).to.deep.equal(Buffer.from("caf\xe9", "latin1"));
    expect(at("header:x-other")).to.equal(null);
  });

  it("is no inherited property of the headers", () => {
    for (const name of ["constructor", "__proto__", "tostring"]) expect(at(`header:${name}`)).to.equal(null);
  });

  it("is a query parameter or a form field, decoded, of repeated ones the first", () => {
    expect(String(at("query:token"))).to.equal("a+b");
    expect(at("field:data")).to.deep.equal(Buffer.from("caf\xe9 1", "latin1"));
    expect(at("field:empty")).to.have.length(0);
    expect(at("query:other")).to.equal(null);
    expect(at("field:other")).to.equal(null);
  });

  it("has no byte order mark", () => {
    expect(textAt(openRequest(aRequest({ body: "\ufeff{}" }), JSON_BODY), { in: "body" })).to.equal("{}");
    expect(textAt(request, parsePlace("field:data"))).to.equal("caf\ufffd 1");
    expect(textAt(request, parsePlace("field:other"))).to.equal(null);
  });

  it("parses a form once for any number of places", () => {
    expect(atOnce(request.form())).to.equal(atOnce({ ...request }.form()));
  });

  it("is a text, number or truth value at any path of the payload", () => {
    const payload = { event: { time: 12345678901234567891n, ok: true, text: "a", list: [1], none: null } };
    const json = JSON.stringify(payload, (_key, value) => (typeof value === "bigint" ? `#${value}#` : value));
    const body = `x=1&json=${encodeURIComponent(json.replace(/"#|#"/g, ""))}`;
    const read = { from: { in: "field", name: "json" }, as: "json" } as const;
    const found = (path: string) =>
      textAt(openRequest(aRequest({ body }), read), parsePlace(`payload:event.${path}`));
    expect(found("time")).to.equal("12345678901234567891");
    expect([found("ok"), found("text"), found("list.0")]).to.deep.equal(["true", "a", "1"]);
    for (const path of ["list", "none", "other", "text.length", "constructor"])
      expect(found(path)).to.equal(null);
    expect(textAt(openRequest(raw, FORM), parsePlace("payload:data.1"))).to.equal("2");
  });

  it("is absent in a payload that is broken or too deep", () => {
    for (const body of ["", "{", "null", "[".repeat(1_000_000), "\xff"]) {
      expect(bytesAt(openRequest(aRequest({ body }), JSON_BODY), parsePlace("payload:a.b"))).to.deep.equal(
        [],
      );
    }
  });

  it("is written in one of five ways", () => {
    for (const text of ["body", "header:x-a", "query:a b", "field:a:b", "payload:a.0.b\\.c", "payload:."]) {
      expect(PlaceText.safeParse(text).success).to.equal(true);
      expect(formatPlace(parsePlace(text))).to.equal(text);
    }
    for (const text of ["", "Body", "body:x", "header:", "cookie:x", "data", "payload:", "payload:a..b"]) {
      expect(PlaceText.safeParse(text).success, text).to.equal(false);
    }
  });
});
