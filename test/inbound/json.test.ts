import { expect } from "chai";
import fc from "fast-check";
import { parseJson } from "../../src/inbound/json.ts";

describe("parseJson", () => {
  it("reads what JSON.parse reads, and is undefined for what is no JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}|\d[eE]\+?\d{2}/.test(text));
        expect(JSON.stringify(parseJson(text))).to.equal(JSON.stringify(JSON.parse(text)));
      }),
      { seed: 5 },
    );
    for (const text of ["", "{", "tru", "[1,]", '"\\x"']) expect(parseJson(text)).to.equal(undefined);
  });

  it("keeps every digit of a number that a double does not hold, and leaves the others alone", () => {
    const read = (text: string) => parseJson(`{"a":[${text}]}`);
    for (const great of ["9007199254740992", "-12345678901234567890", "1e400", "1.5e300"]) {
      expect(read(great), great).to.deep.equal({ a: [great] });
    }
    for (const small of ["9007199254740991", "1758812586180", "1e3", "0.12345678901234567", "-0", "1E-400"]) {
      expect(read(small), small).to.deep.equal({ a: [Number(small)] });
    }
  });

  it("takes no digits in a text or a key for a number", () => {
    const value = {
      12345678901234567000: "12345678901234567890",
      'a"12345678901234567890': '\\",12345678901234567890\\\\',
    };
    const text = JSON.stringify({ ...value, great: 0 }).replace('"great":0', '"great":12345678901234567890');
    expect(parseJson(text)).to.deep.equal({ ...value, great: "12345678901234567890" });
  });

  it("never gives an object that inherits from the payload", () => {
    const value = parseJson('{"__proto__":{"a":12345678901234567890}}');
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });
});
