import { createHmac, createPublicKey, verify } from "node:crypto";
import { inspect } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { CountersignError } from "../../src/domain/errors.ts";
import { newSecret, parseSecret, publicKeyOf, sign, signBody } from "../../src/outbound/sign.ts";

/** From the specification's own examples. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

/** ed25519 over the same content. */
const VECTOR_A = {
  seed: `whsk_${Buffer.alloc(32, 7).toString("base64")}`,
  private: "whsk_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwfqSmxj4pxSCr71UHsTLsX5lUd2rr6+e5JCHuppFEbSLA==",
  public: "whpk_6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=",
  signature: "v1a,2iFnCkcL0nCB7d0lgaT5vmGnQgJl4zcl9qd7UbPYvulcwR3MRYzjXT2JCSEV4dFH3XNALA4OW0zY5fFdGv9GBA==",
};

describe("sign", () => {
  it("signs as the published test vector says", () => {
    expect(sign({ ...VECTOR, secrets: [parseSecret(VECTOR.secret)] })).to.equal(VECTOR.signature);
  });

  it("signs with every secret, newest first", () => {
    const newest = newSecret(() => Buffer.alloc(32, 1));
    const signature = sign({ ...VECTOR, secrets: [parseSecret(newest), parseSecret(VECTOR.secret)] });
    const [first, second] = signature.split(" ");
    expect(first).to.equal(sign({ ...VECTOR, secrets: [parseSecret(newest)] }));
    expect(second).to.equal(VECTOR.signature);
  });

  it("signs with a private key as the test vector says, from the seed alone or with its public half", () => {
    for (const text of [VECTOR_A.seed, VECTOR_A.private])
      expect(sign({ ...VECTOR, secrets: [parseSecret(text)] })).to.equal(VECTOR_A.signature);
  });

  it("is verified with the public key alone", () => {
    const secret = parseSecret(VECTOR_A.seed);
    const shown = String(publicKeyOf(secret));
    expect(shown).to.equal(VECTOR_A.public);
    const x = Buffer.from(shown.slice("whpk_".length), "base64").toString("base64url");
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    const [, signature = ""] = sign({ ...VECTOR, secrets: [secret] }).split(",");
    const content = `${VECTOR.id}.${VECTOR.timestamp}.${VECTOR.body}`;
    expect(verify(null, Buffer.from(content), key, Buffer.from(signature, "base64"))).to.equal(true);
    expect(publicKeyOf(parseSecret(VECTOR.secret))).to.equal(null);
  });

  it("signs with both kinds of keys, and the official library ignores the unknown one", () => {
    const now = Math.floor(Date.now() / 1_000);
    const secrets = [parseSecret(VECTOR_A.private), parseSecret(VECTOR.secret)];
    const signature = sign({ ...VECTOR, timestamp: now, secrets });
    expect(signature).to.match(/^v1a,\S{88} v1,\S{44}$/);
    const headers = {
      "webhook-id": VECTOR.id,
      "webhook-timestamp": String(now),
      "webhook-signature": signature,
    };
    expect(() => new Webhook(VECTOR.secret).verify(VECTOR.body, headers)).not.to.throw();
  });

  it("agrees with the official library on any body", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 4e9 }), (text, timestamp) => {
        const ours = sign({
          ...VECTOR,
          timestamp,
          body: Buffer.from(text),
          secrets: [parseSecret(VECTOR.secret)],
        });
        const theirs = new Webhook(VECTOR.secret).sign(VECTOR.id, new Date(timestamp * 1_000), text);
        expect(ours).to.equal(theirs);
      }),
    );
  });
});

describe("signBody", () => {
  it("is the keyed hash of the body alone, in the encoding and with the prefix asked for", () => {
    const secret = parseSecret("raw:old secret");
    const body = Buffer.from('{"a":"é"}');
    const expected = (hash: string, encoding: "hex" | "base64") =>
      createHmac(hash, "old secret").update(body).digest(encoding);
    const rule = { header: "x-signature", hash: "sha256", encoding: "hex", prefix: "", secret } as const;
    expect(signBody(rule, body))
      .to.equal(expected("sha256", "hex"))
      .and.match(/^[0-9a-f]{64}$/);
    expect(signBody({ ...rule, hash: "sha1", encoding: "base64", prefix: "sha1=" }, body)).to.equal(
      `sha1=${expected("sha1", "base64")}`,
    );
  });
});

describe("parseSecret", () => {
  const bytes = (secret: string) => parseSecret(secret).export();
  const key = Buffer.from([...Buffer.alloc(23, 0xfb), 0xff, 0xfe]);

  it("reads standard and URL-safe base64, padded or not, as the same key", () => {
    const standard = key.toString("base64");
    const spellings = [standard, standard.replace(/=+$/, ""), key.toString("base64url")];
    expect(new Set(spellings).size).to.equal(3);
    for (const spelling of spellings) expect(bytes(`whsec_${spelling}`)).to.deep.equal(key);
  });

  it("takes 24 to 64 bytes, no fewer and no more", () => {
    for (const length of [24, 64]) {
      expect(bytes(`whsec_${Buffer.alloc(length, 1).toString("base64")}`)).to.have.length(length);
    }
    for (const length of [1, 23, 65]) {
      const text = `whsec_${Buffer.alloc(length, 1).toString("base64")}`;
      expect(() => parseSecret(text)).to.throw(CountersignError, `this one decodes to ${length}`);
    }
  });

  it("takes the text after `raw:` as it is", () => {
    expect(bytes("raw:whsec_käse ")).to.deep.equal(Buffer.from("whsec_käse "));
    expect(() => parseSecret("raw:")).to.throw(CountersignError);
  });

  it("accepts only an ed25519 seed as private key, alone or with its own public half", () => {
    const stranger = Buffer.concat([Buffer.alloc(32, 7), Buffer.alloc(32, 8)]);
    for (const bytes of [Buffer.alloc(31, 7), Buffer.alloc(33, 7), Buffer.alloc(65, 7), stranger]) {
      const text = `whsk_${bytes.toString("base64")}`;
      expect(() => parseSecret(text)).to.throw(CountersignError, `this one decodes to ${bytes.length}`);
    }
    expect(() => parseSecret("whsk_not base64")).to.throw(CountersignError, "nothing but base64");
  });

  it("refuses anything else without quoting it", () => {
    const hidden = "p4ssw0rd-p4ssw0rd-p4ssw0rd-p4ssw0rd-p4ssw0rd";
    for (const text of [hidden, `whsec_${hidden}!`, "whsec_", "", `whsec_${hidden.slice(0, 8)}`]) {
      expect(() => parseSecret(text))
        .to.throw(CountersignError)
        .that.satisfies((error: CountersignError) => {
          expect(error.code).to.equal("invalid_configuration");
          expect(error.message).not.to.include("p4ssw0rd");
          return true;
        });
    }
  });

  it("does not show the key when it is printed", () => {
    const secrets = [parseSecret(VECTOR.secret), parseSecret(VECTOR_A.seed)];
    const shown = inspect(secrets, { depth: 9 }) + JSON.stringify(secrets);
    expect(shown).not.to.include("BwcHBwcH");
    expect(shown).not.to.include("07 07 07");
    expect(shown).not.to.include("MfKQ9r8G");
    expect(shown).not.to.include("31 f2 90");
  });
});

describe("newSecret", () => {
  it("is 32 random bytes that parseSecret and the official library read", () => {
    const text = newSecret((length) => Buffer.alloc(length, 9));
    expect(parseSecret(text).export()).to.deep.equal(Buffer.alloc(32, 9));
    expect(() => new Webhook(text)).not.to.throw();
  });
});
