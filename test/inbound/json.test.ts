import { expect } from "chai";
import fc from "fast-check";
import { DEFAULT_MAX_VALUES, MAX_LEVELS, parsing } from "../../src/inbound/json.ts";
import { atOnce } from "../../src/inbound/steps.ts";

const parseJson = (text: string) => atOnce(parsing(text));

function held(text: string): unknown {
  const json = parseJson(text);
  return "value" in json ? json.value : undefined;
}

describe("a text of JSON", () => {
  it("is read where JSON.parse reads it, and refused where that refuses", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}|\d[eE]\+?\d{2}/.test(text));
        expect(parseJson(text)).to.deep.equal({ value: JSON.parse(text) });
      }),
      { seed: 5 },
    );
    for (const text of ["", "{", "tru", "[1,]", '"\\x"', '"', '"\\"', '"\\'])
      expect(parseJson(text), text).to.deep.equal({ absent: "unreadable" });
  });

  it("may hold escapes and brackets in its texts, which are not counted", () => {
    const commas = ",[".repeat(DEFAULT_MAX_VALUES);
    for (const text of [commas, `\\${commas}`, `"${commas}\\`, `\\"${commas}\\\\"`])
      expect(parseJson(JSON.stringify([text, 1]))).to.deep.equal({ value: [text, 1] });
    expect(parseJson(`["\\\\"${",0".repeat(DEFAULT_MAX_VALUES)}`)).to.deep.equal({ absent: "values" });
  });

  it("is counted across steps: levels, values and digits that span two of them", () => {
    const stride = 2 ** 20;
    const spaces = " ".repeat(stride - 500);
    expect(parseJson(`[${spaces}${"[".repeat(MAX_LEVELS)}`)).to.deep.equal({ absent: "levels" });
    expect(parseJson(`[${spaces}${"0,".repeat(DEFAULT_MAX_VALUES)}`)).to.deep.equal({ absent: "values" });
    const great = `${" ".repeat(stride - 10)}12345678901234567890`;
    expect(parseJson(great)).to.deep.equal({ value: "12345678901234567890" });
  });

  it("keeps every digit of a number that exceeds a double, and leaves others alone", () => {
    const read = (text: string) => held(`{"a":[${text}]}`);
    for (const great of ["9007199254740992", "-12345678901234567890", "1e400", "1.5e300"]) {
      expect(read(great), great).to.deep.equal({ a: [great] });
    }
    for (const small of ["9007199254740991", "1758812586180", "1e3", "0.12345678901234567", "-0", "1E-400"]) {
      expect(read(small), small).to.deep.equal({ a: [Number(small)] });
    }
  });

  it("keeps digits in texts and keys as they are", () => {
    const value = {
      12345678901234567000: "12345678901234567890",
      'a"12345678901234567890': '\\",12345678901234567890\\\\',
    };
    const text = JSON.stringify({ ...value, great: 0 }).replace('"great":0', '"great":12345678901234567890');
    expect(held(text)).to.deep.equal({ ...value, great: "12345678901234567890" });
  });

  it("never becomes an object with a prototype from the payload", () => {
    const value = held('{"__proto__":{"a":12345678901234567890}}');
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
  });
});
