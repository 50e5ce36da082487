import { expect } from "chai";
import { parseSince } from "../../src/domain/quantity.ts";

describe("a moment or a duration ago", () => {
  const now = Date.UTC(2026, 0, 31);

  it("is the moment, or the duration before now", () => {
    expect(parseSince("2026-01-30T12:00:00Z", now)).to.equal(Date.UTC(2026, 0, 30, 12));
    expect(parseSince("2d", now)).to.equal(Date.UTC(2026, 0, 29));
  });

  it("is never before 1970", () => {
    expect(parseSince("99999d", now)).to.equal(0);
  });

  it("is null for any other text", () => {
    for (const text of ["", "yesterday", "2 d", "-2d"]) expect(parseSince(text, now), text).to.equal(null);
  });
});
