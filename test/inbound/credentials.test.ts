import { createHmac } from "node:crypto";
import { expect } from "chai";
import type { Check } from "../../src/inbound/channel.ts";
import { fingerprintsOf, refuseCredentials } from "../../src/inbound/credentials.ts";
import type { HeadPlace } from "../../src/mapping/request-place.ts";
import { aRequest } from "./posts.ts";

const PASSWORD = "pässwort-1234567";
const BASIC: Check = { kind: "basic", user: "me", password: PASSWORD };
const base64 = (text: string, charset: BufferEncoding = "utf8") =>
  Buffer.from(text, charset).toString("base64");
const refusal = (authorization: string | undefined, check = BASIC) => {
  const headers = authorization === undefined ? {} : { authorization };
  return refuseCredentials(aRequest({ headers }), { checks: [check] })?.refused ?? null;
};

describe("basic authentication", () => {
  it("is accepted in any spelling of the scheme, the white space and the padding", () => {
    const text = base64(`me:${PASSWORD}`);
    expect(text).to.match(/=$/);
    for (const header of [
      `Basic ${text}`,
      `basic ${text}`,
      `BASIC   ${text}`,
      `Basic \t${text} `,
      `Basic ${text.replace(/=+$/, "")}`,
    ]) {
      expect(refusal(header), header).to.equal(null);
    }
  });

  it("is accepted in UTF-8 and, where possible, in ISO-8859-1", () => {
    expect(refusal(`Basic ${base64(`me:${PASSWORD}`, "latin1")}`)).to.equal(null);
    const cyrillic: Check = { kind: "basic", user: "me", password: "пароль-пароль-16" };
    expect(refusal(`Basic ${base64("me:пароль-пароль-16")}`, cyrillic)).to.equal(null);
    expect(refusal(`Basic ${base64("me:пароль-пароль-16", "latin1")}`, cyrillic)).to.be.a("string");
  });

  it("refuses anything else, a repeated header included", () => {
    const good = `Basic ${base64(`me:${PASSWORD}`)}`;
    for (const header of [
      undefined,
      "",
      "Basic",
      "Basic ",
      `Bearer ${base64(`me:${PASSWORD}`)}`,
      `Basic${base64(`me:${PASSWORD}`)}`,
      `${good}, ${good}`,
      `${good} x`,
      `Basic ${base64(`me:${PASSWORD} `)}`,
      `Basic ${base64(`Me:${PASSWORD}`)}`,
      `Basic ${"=".repeat(50)}`,
    ]) {
      expect(refusal(header), String(header)).to.equal("the user name or password is not the configured one");
    }
  });

  it("has the fingerprint that earlier versions stored with rejections", () => {
    const authorization = `Basic ${base64("me:a-password-of-16")}`;
    const earlier = createHmac("sha256", "countersign").update(authorization).digest("hex");
    const { shown } = { shown: { token: null, authorization: earlier } };
    const check: Check = { kind: "basic", user: "me", password: "a-password-of-16" };
    expect(refuseCredentials({ ...aRequest(), shown }, { checks: [check] })).to.equal(null);
    const lower = aRequest({ headers: { authorization: authorization.replace("Basic", "basic") } });
    expect(fingerprintsOf(lower).authorization).to.equal(earlier);
  });
});

describe("credentials", () => {
  it("may be values of headers and parameters", () => {
    const equals = (place: HeadPlace): Check => ({
      kind: "equals",
      place,
      values: ["a-value"],
      isSecret: true,
    });
    const request = aRequest({
      headers: { "x-secret": "a-value" },
      query: new URLSearchParams("key=another"),
    });
    const refusalOf = (place: HeadPlace) =>
      refuseCredentials(request, { checks: [equals(place)] })?.refused ?? null;
    expect(refusalOf({ in: "header", name: "x-secret" })).to.equal(null);
    expect(refusalOf({ in: "query", name: "key" })).to.include("query:key");
    expect(refusalOf({ in: "header", name: "x-other" })).to.include("header:x-other");
  });

  it("are checked beside the channel's other checks, in any order", () => {
    const token: Check = { kind: "token", token: "a-token-nobody-guesses" };
    const query = new URLSearchParams("token=a-token-nobody-guesses");
    for (const checks of [
      [token, BASIC],
      [BASIC, token],
    ]) {
      expect(refuseCredentials(aRequest({ query }), { checks })?.refused).to.include("password");
    }
    expect(refuseCredentials(aRequest(), { checks: [] })).to.equal(null);
  });
});
