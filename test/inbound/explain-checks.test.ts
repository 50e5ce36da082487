import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { expect } from "chai";
import { readChannel } from "../../src/config/channel.ts";
import type { Channel, Check } from "../../src/inbound/channel.ts";
import { fingerprintsOf } from "../../src/inbound/credentials.ts";
import { explainChecks, type Storage } from "../../src/inbound/explain-checks.ts";
import { openRequest } from "../../src/inbound/open-request.ts";
import type { RawRequest } from "../../src/inbound/request.ts";
import { aRequest, channelOf, shipped, verifyRaw } from "./posts.ts";

const explain = (raw: RawRequest, channel: Channel, storage: Partial<Storage> = {}) =>
  explainChecks(openRequest(raw, channel.rules.read), channel, { verified: null, isWhole: true, ...storage });

async function armed(provider: string, name: string, credentials: object): Promise<Channel> {
  const channel = await shipped(provider, name);
  const ready = readChannel(channel, credentials, ".");
  if (typeof ready === "string") throw new Error(ready);
  return ready;
}

const hmac = (body: string, key: string) => createHmac("sha256", key).update(body).digest("hex");
const BODY = '{"event":{"event_type":"signature_request_created"}}';

describe("the explanation of checks", () => {
  it("says where a signature is expected, which bytes it covers and which secret it passed with", async () => {
    const channel = await armed("lumin", "account", { secrets: ["newer-secret", "older-secret"] });
    const signature = hmac(BODY, "older-secret");
    const { steps, refused } = await explain(
      aRequest({ body: BODY, headers: { "x-signature": signature } }),
      channel,
    );
    expect(refused).to.equal(null);
    expect(steps).to.have.length(1);
    expect(steps[0]).to.deep.include({
      kind: "hmac",
      verdict: "passed",
      why: null,
      secret: { number: 2, of: 2 },
    });
    expect(steps[0]?.signature).to.deep.include({
      hash: "sha256",
      expected: [{ place: "header:x-signature", pattern: null, found: [signature] }],
      over: [{ part: "body", bytes: BODY.length }],
      readable: 1,
    });
  });

  it("has neither a secret nor the signature that would be right", async () => {
    const channel = await armed("lumin", "account", { secrets: ["a-secret-of-the-account"] });
    const raw = aRequest({ body: BODY, headers: { "x-signature": "00" } });
    const text = JSON.stringify(await explain(raw, channel));
    expect(text).to.include("does not match");
    expect(text).not.to.include("a-secret").and.not.include(hmac(BODY, "a-secret-of-the-account"));
  });

  it("agrees with the verdict of verify, whatever is wrong with a request", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const legalesign = await shipped("legalesign", "batch");
    const checks = legalesign.rules.checks.map((rule): Check => {
      if (rule.kind === "rsa") return { kind: "rsa", rule, key: publicKey, required: true };
      return { kind: "token", token: "the-token" };
    });
    const batch = { ...legalesign, checks };
    const data = "[]";
    const signed = sign("sha1", Buffer.from(data), privateKey).toString("base64");
    const form = (fields: Record<string, string>) => String(new URLSearchParams(fields));
    const token = (text: string) => new URLSearchParams({ token: text });
    const lumin = await armed("lumin", "account", { secrets: ["one", "two"] });
    const aged = channelOf(`provider: acme
title: Acme
verify:
  - hmac: { hash: sha256, signature: "header:x-s", over: ["header:x-t", "text:.", body], maxAge: { place: "header:x-t", as: seconds, past: 5m } }
event: { word: { from: what, table: words } }
tables: { words: {} }
channels: { main: { title: Main } }
`);
    const [rule] = aged.rules.checks;
    if (rule?.kind !== "hmac") throw new Error("no hmac");
    const old = { ...aged, checks: [{ kind: "hmac" as const, rule, secrets: ["s"] }] };
    const at = "1000";
    const cases: [string, RawRequest, Channel][] = [
      ["good", aRequest({ body: form({ data, signed }), query: token("the-token") }), batch],
      ["wrong token", aRequest({ body: form({ data, signed }), query: token("other") }), batch],
      ["no token", aRequest({ body: form({ data, signed }) }), batch],
      [
        "wrong signature",
        aRequest({ body: form({ data: "[1]", signed }), query: token("the-token") }),
        batch,
      ],
      ["no signature", aRequest({ body: form({ data }), query: token("the-token") }), batch],
      [
        "field twice",
        aRequest({ body: `${form({ data, signed })}&data=x`, query: token("the-token") }),
        batch,
      ],
      ["good", aRequest({ body: BODY, headers: { "x-signature": hmac(BODY, "two") } }), lumin],
      ["none", aRequest({ body: BODY }), lumin],
      ["no hexadecimal", aRequest({ body: BODY, headers: { "x-signature": "zz" } }), lumin],
      ["too old", aRequest({ headers: { "x-t": at, "x-s": hmac(`${at}.`, "s") } }), old],
      ["too old and wrong", aRequest({ headers: { "x-t": at, "x-s": hmac(`${at}.`, "t") } }), old],
    ];
    for (const [name, raw, channel] of cases) {
      const verdict = verifyRaw(raw, channel);
      const { steps, refused } = await explain(raw, channel);
      const why = steps.find(({ verdict }) => verdict === "failed")?.why ?? refused;
      expect(why, name).to.equal("refused" in verdict ? verdict.refused : null);
    }
  });

  it("judges a refused request by its fingerprints, and says what is not kept of a genuine one", async () => {
    const channel = await armed("legalesign", "upon", { token: "the-right-token-of-it" });
    const shown = (token: string) => fingerprintsOf(aRequest({ query: new URLSearchParams({ token }) }));
    const verdictOf = async (raw: RawRequest, storage: Partial<Storage>) =>
      (await explain(raw, channel, storage)).steps.map(({ verdict }) => verdict);
    const right = { ...aRequest(), shown: shown("the-right-token-of-it") };
    const wrong = { ...aRequest(), shown: shown("another") };
    expect(await verdictOf(right, {})).to.deep.equal(["passed"]);
    expect(await verdictOf(wrong, {})).to.deep.equal(["failed"]);
    expect(await verdictOf(aRequest(), { verified: "token" })).to.deep.equal(["passed_then"]);
    expect(await verdictOf(aRequest(), { verified: "hmac" })).to.deep.equal(["unrepeatable"]);
    const lumin = await armed("lumin", "account", { secrets: ["one"] });
    const cut = await explain(aRequest({ body: BODY }), lumin, { isWhole: false });
    expect(cut.steps[0]).to.deep.include({ verdict: "unrepeatable" });
    expect(cut.steps[0]?.signature?.digest).to.equal(null);
  });
});
