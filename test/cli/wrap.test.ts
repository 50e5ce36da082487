import { expect } from "chai";
import { wrap } from "../../src/cli/wrap.ts";

describe("a wrapped line", () => {
  it("is at most as wide as it may be, and keeps its indent and its words", () => {
    const lines = wrap("  one two three four", 11);
    expect(lines).to.deep.equal(["  one two", "  three", "  four"]);
  });

  it("stays one line where it fits, or is one long word", () => {
    expect(wrap("  one two", 9)).to.deep.equal(["  one two"]);
    expect(wrap("supercalifragilistic", 5)).to.deep.equal(["supercalifragilistic"]);
    expect(wrap("", 5)).to.deep.equal([""]);
  });
});
