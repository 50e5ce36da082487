import { expect } from "chai";
import { compileMatches, MAX_MATCHES, PatternText } from "../../src/mapping/pattern.ts";

const isRefused = (pattern: string) => !PatternText.safeParse(pattern).success;

describe("a pattern with expensive backtracking", () => {
  it("is refused when it repeats without a bound more than twice", () => {
    for (const pattern of [".*.*.*x", "^.*.*.*x", "a{1,41}b+c*", "a{2,}b*c{9,}"]) {
      expect(isRefused(pattern), pattern).to.equal(true);
    }
  });

  it("is refused when it repeats a group that repeats or chooses", () => {
    for (const pattern of ["(a+)+", "(a|b)*", "(?:a?){3}"])
      expect(isRefused(pattern), pattern).to.equal(true);
  });

  it("is refused with too many optional or small repetitions in a row", () => {
    for (const pattern of ["a?".repeat(18), "a{0,40}".repeat(4), `${"a{1,40}".repeat(2)}a*a*`]) {
      expect(isRefused(`${pattern}b`), pattern).to.equal(true);
    }
    for (const pattern of ["a?".repeat(12), "a{0,40}a{0,40}", "(a|b|c|d|e|f|g|h|i|j)s?/([^/]+)/(.*)$"]) {
      expect(isRefused(`${pattern}b`), pattern).to.equal(false);
    }
  });

  it("is accepted when it only looks expensive", () => {
    for (const pattern of [
      "/documents?/([^/]+)",
      "^/([^/]+)/([^/]+)$",
      "a{1,40}b+c*",
      "[*+]+",
      "\\*\\+x*",
      "(?i:abc)x+",
    ]) {
      expect(isRefused(pattern), pattern).to.equal(false);
    }
  });
});

describe("the matches of a pattern", () => {
  it("are the first groups, or the whole matches, in order", () => {
    expect(compileMatches("s\\d+=([0-9a-f]+)")("t=1, s0=aa, s1=bb,s2=")).to.deep.equal(["aa", "bb"]);
    expect(compileMatches("\\d+")("1 a 22")).to.deep.equal(["1", "22"]);
    expect(compileMatches("(a)|(b)|c*")("abc")).to.deep.equal(["a", "b", "c"]);
    expect(compileMatches("x")("abc")).to.deep.equal([]);
  });

  it("are bounded in number, and found in texts up to the length that is quick to search", () => {
    const find = compileMatches("v1,([A-Za-z0-9+/=]+)");
    expect(find("v1,AAAA ".repeat(256))).to.have.length(256);
    expect(find("v1,A ".repeat(300))).to.have.length(MAX_MATCHES);
    expect(find(`${" ".repeat(10_000)}v1,AAAA`)).to.deep.equal([]);
  });

  it("are searched for without catastrophic backtracking", () => {
    for (const pattern of [
      "a+a+b",
      "a*a{0,40}b",
      `${"a?".repeat(12)}b`,
      "(\\w+)=(\\w+)x",
      "a{0,40}a{0,40}b",
    ]) {
      const find = compileMatches(pattern);
      for (const length of [63, 127, 255, 511, 1_023, 2_047, 4_095])
        expect(find("a".repeat(length))).to.have.length(0);
    }
  });
});
