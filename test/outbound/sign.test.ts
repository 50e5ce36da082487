import { inspect } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { CountersignError } from "../../src/domain/errors.ts";
import { newSecret, parseSecret, sign } from "../../src/outbound/sign.ts";

/** From the specification's own examples. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: 1614265330,
  body: Buffer.from('{"test": 2432232314}'),
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

describe("sign", () => {
  it("signs as the published test vector says", () => {
    expect(sign({ ...VECTOR, secrets: [parseSecret(VECTOR.secret)] })).to.equal(VECTOR.signature);
  });

  it("signs with every secret, newest first, so that a key can be changed at leisure", () => {
    const newest = newSecret(() => Buffer.alloc(32, 1));
    const signature = sign({ ...VECTOR, secrets: [parseSecret(newest), parseSecret(VECTOR.secret)] });
    const [first, second] = signature.split(" ");
    expect(first).to.equal(sign({ ...VECTOR, secrets: [parseSecret(newest)] }));
    expect(second).to.equal(VECTOR.signature);
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

  it("refuses anything else without repeating it", () => {
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

  it("shows nothing of the key when it is printed", () => {
    const secret = parseSecret(VECTOR.secret);
    const shown = inspect(secret, { depth: 9 }) + JSON.stringify({ secret });
    expect(shown).not.to.include("MfKQ9r8G");
    expect(shown).not.to.include("31 f2 90");
  });
});

describe("newSecret", () => {
  it("is 32 bytes of chance that parseSecret and the official library read", () => {
    const text = newSecret((length) => Buffer.alloc(length, 9));
    expect(parseSecret(text).export()).to.deep.equal(Buffer.alloc(32, 9));
    expect(() => new Webhook(text)).not.to.throw();
  });
});
