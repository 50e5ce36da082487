import { expect } from "chai";
import { PatternText } from "../../src/mapping/pattern.ts";

const isRefused = (pattern: string) => !PatternText.safeParse(pattern).success;

describe("a pattern that some text could keep busy", () => {
  it("is refused when it repeats without a bound more than twice", () => {
    for (const pattern of [".*.*.*x", "^.*.*.*x", "a{1,41}b+c*", "a{2,}b*c{9,}"]) {
      expect(isRefused(pattern), pattern).to.equal(true);
    }
  });

  it("is refused when it repeats a group that repeats or chooses", () => {
    for (const pattern of ["(a+)+", "(a|b)*", "(?:a?){3}"])
      expect(isRefused(pattern), pattern).to.equal(true);
  });

  it("is not confused with one that only looks like it", () => {
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
