import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "chai";
import type { Channel, Check } from "../../src/inbound/channel.ts";
import { contentAtOnce } from "../../src/inbound/content.ts";
import { isSameText } from "../../src/inbound/credentials.ts";
import { aRequest, channelOf, fixture, read, shipped, verifyRaw } from "./posts.ts";

const verdict = (...args: Parameters<typeof verifyRaw>) => {
  const result = verifyRaw(...args);
  return "refused" in result ? result.refused : result.verified;
};

async function lumin(...secrets: string[]): Promise<Channel> {
  const channel = await shipped("lumin", "account");
  const rule = channel.rules.checks.find((check) => check.kind === "hmac");
  return { ...channel, checks: rule?.kind === "hmac" ? [{ kind: "hmac", rule, secrets }] : [] };
}

const VECTOR = fixture("lumin/vector.json").toString().trimEnd();
const VECTOR_SIGNATURE = "3810cb411041efab279d31698b9584372e5ede9d1641fbb354810f16e51be81c";
const COMPACT = JSON.stringify(JSON.parse(VECTOR));

describe("verify", () => {
  it("accepts Lumin's test vector, in upper case as well", async () => {
    const channel = await lumin("my_primary_api_key");
    for (const signature of [VECTOR_SIGNATURE, VECTOR_SIGNATURE.toUpperCase()]) {
      expect(verdict(aRequest({ body: VECTOR, headers: { "x-signature": signature } }), channel)).to.equal(
        "hmac",
      );
    }
  });

  it("refuses the digest that Lumin documents for the compact body, and accepts the true one", async () => {
    const channel = await lumin("your_app_signing_secret");
    const signedWith = (signature: string) =>
      verdict(aRequest({ body: COMPACT, headers: { "x-signature": signature } }), channel);
    expect(signedWith(VECTOR_SIGNATURE)).to.match(/does not match/);
    expect(signedWith("6e00b21cbcc6466fc542b4175924fcd5ba480ebcd7a41ebb7d24e27334231f50")).to.equal("hmac");
  });

  it("accepts any of several secrets, while a key is changed", async () => {
    const request = aRequest({ body: VECTOR, headers: { "x-signature": VECTOR_SIGNATURE } });
    expect(verdict(request, await lumin("new", "my_primary_api_key"))).to.equal("hmac");
    expect(verdict(request, await lumin("new", "newer"))).to.match(/does not match/);
  });

  it("refuses a signature that is absent, empty, cut, or no hexadecimal at all", async () => {
    const channel = await lumin("my_primary_api_key");
    expect(verdict(aRequest({ body: VECTOR }), channel)).to.match(/has no header:x-signature/);
    for (const signature of ["", VECTOR_SIGNATURE.slice(0, -2), `${VECTOR_SIGNATURE}00`, "zz", "é"]) {
      const request = aRequest({ body: VECTOR, headers: { "x-signature": signature } });
      expect(verdict(request, channel), signature).to.match(/does not match/);
    }
  });

  it("checks an invented provider's base64 HMAC-SHA512 over timestamp.body", () => {
    const channel = channelOf(`
provider: acme
title: Acme
verify:
  - hmac:
      hash: sha512
      encoding: base64
      signature: "header:x-acme-signature"
      over: ["header:x-acme-time", "text:.", body]
read: { from: body, as: json, each: payload.batch.events }
event:
  word: { from: what, table: words }
  document: { id: doc.id }
tables: { words: { finished: document.completed, opened: document.created } }
channels: { main: { title: Main } }
`);
    const body = JSON.stringify({
      payload: {
        batch: {
          events: [
            { what: "opened", doc: { id: "a" } },
            { what: "finished", doc: { id: "a" } },
          ],
        },
      },
    });
    const signature = createHmac("sha512", "s3cret").update(`1700000000.${body}`).digest("base64");
    const [rule] = channel.rules.checks;
    if (rule?.kind !== "hmac") throw new Error("no hmac rule");
    const armed: Channel = { ...channel, checks: [{ kind: "hmac", rule, secrets: ["s3cret"] }] };
    const request = aRequest({
      body,
      headers: { "x-acme-signature": signature, "x-acme-time": "1700000000" },
    });
    expect(verdict(request, armed)).to.equal("hmac");
    expect(read(request, channel).drafts.map(({ type }) => type)).to.deep.equal([
      "document.created",
      "document.completed",
    ]);

    const otherTime = aRequest({ ...request, headers: { ...request.headers, "x-acme-time": "1700000001" } });
    expect(verdict(otherTime, armed)).to.match(/does not match/);
    expect(verdict(aRequest({ ...request, headers: { "x-acme-signature": signature } }), armed)).to.match(
      /a part of what is signed/,
    );
  });

  it("accepts a token from the query or the path, and compares the whole of it", async () => {
    const channel: Channel = {
      ...(await shipped("legalesign", "batch")),
      checks: [{ kind: "token", token: "t0ken" }],
    };
    const query = (text: string) => aRequest({ query: new URLSearchParams(text) });
    expect(verdict(query("token=t0ken"), channel)).to.equal("token");
    expect(verdict(aRequest({ pathToken: "t0ken" }), channel)).to.equal("token");
    expect(verdict(query("token=t0ke"), channel)).to.match(/not the configured one/);
    expect(verdict(aRequest(), channel)).to.match(/the URL has no token/);
  });

  it("checks basic authentication", async () => {
    const check: Check = { kind: "basic", user: "me", password: "secret" };
    const channel = { ...(await shipped("legalesign", "batch")), checks: [check] };
    const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`;
    expect(verdict(aRequest({ headers: { authorization } }), channel)).to.equal("basic");
    expect(verdict(aRequest({ headers: { authorization: "Basic AAAA" } }), channel)).to.match(
      /not the configured one/,
    );
  });

  it("requires every check of the channel, and names those that passed", async () => {
    const armed = await lumin("my_primary_api_key");
    const channel: Channel = { ...armed, checks: [...armed.checks, { kind: "token", token: "t0ken" }] };
    const request = aRequest({ body: VECTOR, headers: { "x-signature": VECTOR_SIGNATURE } });
    expect(verdict(request, channel)).to.match(/no token/);
    expect(verdict({ ...request, pathToken: "t0ken" }, channel)).to.equal("hmac+token");
  });

  describe("with Legalesign's RSA signature", () => {
    const { publicKey: key, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const data = '[{"value": "40"}]';
    const signed = sign("sha1", Buffer.from(data), privateKey).toString("base64");
    const form = (fields: Record<string, string>) =>
      aRequest({ body: new URLSearchParams(fields).toString(), pathToken: "t0ken" });
    const channel = async (required: boolean): Promise<Channel> => {
      const batch = await shipped("legalesign", "batch");
      const rule = batch.rules.checks.find((check) => check.kind === "rsa");
      if (rule?.kind !== "rsa") throw new Error("no rsa rule");
      return {
        ...batch,
        checks: [
          { kind: "token", token: "t0ken" },
          { kind: "rsa", rule, key, required },
        ],
      };
    };

    it("checks the decoded form field, not the raw body", async () => {
      expect(verdict(form({ data, signed }), await channel(false))).to.equal("token+rsa");
      expect(verdict(form({ data: `${data} `, signed }), await channel(false))).to.match(/does not match/);
    });

    it("refuses a compressed form whose raw bytes look like a signed one", async () => {
      // gzip carries a file's name in its header, in the clear: there the genuine fields stand, and other
      // ones are what it holds.
      const forged = gzipSync(new URLSearchParams({ data: '[{"value": "30"}]', signed: "AAAA" }).toString());
      const name = Buffer.from(`&${new URLSearchParams({ data, signed })}&\0`, "latin1");
      const polyglot = Buffer.concat([forged.subarray(0, 10), name, forged.subarray(10)]);
      polyglot[3] = 0x08;
      expect(gunzipSync(polyglot).toString()).to.include("30");
      const raw = aRequest({ body: polyglot, pathToken: "t0ken", headers: { "content-encoding": "gzip" } });
      const asItCame = { ...raw, headers: {} };
      expect(verdict(asItCame, await channel(true))).to.equal("token+rsa");
      const content = contentAtOnce(raw, 10 ** 6);
      expect(verdict({ ...raw, content }, await channel(true))).to.match(/does not match/);
    });

    it("distinguishes a host that refuses the algorithm from a bad signature", async () => {
      // OpenSSL refuses an Ed25519 key with SHA-1 as it refuses SHA-1 where the host's policy forbids it: as
      // an invalid digest.
      const { publicKey } = generateKeyPairSync("ed25519");
      const refusing = await channel(true);
      const checks = refusing.checks.map((check) =>
        check.kind === "rsa" ? { ...check, key: publicKey } : check,
      );
      expect(verdict(form({ data, signed }), { ...refusing, checks })).to.equal(
        "this host's cryptography refuses RSA with SHA1; the signature may be good",
      );
      expect(verdict(form({ data, signed: "AAAA" }), refusing)).to.match(/does not match/);
    });

    it("accepts a request without a signature, unless the configuration requires one", async () => {
      expect(verdict(form({ data }), await channel(false))).to.equal("token");
      expect(verdict(form({ data }), await channel(true))).to.match(/has no field:signed/);
    });
  });

  it("accepts Legalesign's realtime signature in hexadecimal and in base64", async () => {
    const realtime = await shipped("legalesign", "realtime");
    const [rule] = realtime.rules.checks;
    if (rule?.kind !== "hmac") throw new Error("no hmac rule");
    const channel: Channel = { ...realtime, checks: [{ kind: "hmac", rule, secrets: ["s3cret"] }] };
    for (const encoding of ["hex", "base64"] as const) {
      const signature = createHmac("sha256", "s3cret").update("{}").digest(encoding);
      expect(verdict(aRequest({ body: "{}", headers: { "x-hmac-sha256": signature } }), channel)).to.equal(
        "hmac",
      );
    }
  });

  it("accepts any of several signatures, as from a provider that rotates its key", async () => {
    const docusign = await shipped("docusign", "connect");
    const [rule] = docusign.rules.checks;
    if (rule?.kind !== "hmac") throw new Error("no hmac rule");
    const channel: Channel = { ...docusign, checks: [{ kind: "hmac", rule, secrets: ["new"] }] };
    const signedWith = (...keys: string[]) => {
      const headers = keys.map((key, index) => [
        `x-docusign-signature-${index + 1}`,
        createHmac("sha256", key).update("{}").digest("base64"),
      ]);
      return verdict(aRequest({ body: "{}", headers: Object.fromEntries(headers) }), channel);
    };
    expect(signedWith("new")).to.equal("hmac");
    expect(signedWith("old", "new")).to.equal("hmac");
    expect(signedWith("old", "older")).to.match(/does not match/);
    expect(signedWith()).to.match(/has no header:x-docusign-signature-\*, where/);
  });

  describe("with a signature inside the payload, such as Dropbox Sign's", () => {
    /** The key and the hash of the provider's own tests of its libraries. */
    const KEY = "324e3b0840f065eb51f3fd63231d0d33daa35d4ed10d27718839e81737065782";
    const EVENT = {
      event_time: "1348177752",
      event_type: "signature_request_sent",
      event_hash: "08d45a6b7677492b78be030cef18cfeaece8fe67e163cc8e526ee638ad483756",
    };
    let channel: Channel;
    before(async () => {
      const dropbox = await shipped("dropbox-sign", "account");
      const [rule] = dropbox.rules.checks;
      if (rule?.kind !== "hmac") throw new Error("no hmac rule");
      channel = { ...dropbox, checks: [{ kind: "hmac", rule, secrets: [KEY] }] };
    });
    const judged = (json: string) =>
      verdict(aRequest({ body: new URLSearchParams({ json }).toString() }), channel);
    const judgedEvent = (given: object) => judged(JSON.stringify({ event: { ...EVENT, ...given } }));

    it("checks it over the members that the provider signs", () => {
      expect(judgedEvent({})).to.equal("hmac");
      expect(judgedEvent({ event_time: 1348177752 })).to.equal("hmac");
      expect(judgedEvent({ event_time: "1348177753" })).to.match(/does not match/);
      expect(judgedEvent({ event_type: "signature_request_signed" })).to.match(/does not match/);
    });

    it("refuses a payload that lacks one of them, or that cannot be read, and never throws", () => {
      expect(judgedEvent({ event_hash: undefined })).to.equal(
        "the request has no payload:event.event_hash, where its signature should be",
      );
      expect(judgedEvent({ event_type: [] })).to.match(/a part of what is signed/);
      for (const json of ["", "{", "null", "[]", '{"__proto__":{"event":{}}}', "[".repeat(1_000_000)]) {
        expect(judged(json)).to.match(/has no payload:event\.event_hash/);
      }
      expect(verdict(aRequest({ body: Buffer.from([0xff, 0, 0x25]) }), channel)).to.match(/has no payload/);
    });

    it("gives the reason where there is no payload", () => {
      expect(judged("{")).to.match(/should be: field:json is not JSON$/);
      expect(verdict(aRequest({ body: "text={}" }), channel)).to.match(/: the request has no field:json$/);
    });
  });

  it("says `none` only where the configuration switched every check off", async () => {
    expect(verdict(aRequest(), await shipped("lumin", "account"))).to.equal("none");
  });
});

describe("isSameText", () => {
  it("is true for the same text only", () => {
    expect(isSameText("abc", "abc")).to.equal(true);
    expect(isSameText("abc", "abd")).to.equal(false);
    expect(isSameText("abc", "abcd")).to.equal(false);
  });
});
