import { expect } from "chai";
import { parseRetryAfter } from "../../src/outbound/retry-after.ts";

const NOW = Date.UTC(2026, 0, 1);

describe("parseRetryAfter", () => {
  it("reads seconds", () => {
    expect(parseRetryAfter("120", NOW)).to.equal(120_000);
    expect(parseRetryAfter(" 0 ", NOW)).to.equal(0);
  });

  it("reads the three forms of an HTTP date", () => {
    expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:30 GMT", NOW)).to.equal(90_000);
    expect(parseRetryAfter("Thursday, 01-Jan-26 00:01:30 GMT", NOW)).to.equal(90_000);
    expect(parseRetryAfter("Thu Jan  1 00:01:30 2026", NOW)).to.equal(90_000);
  });

  it("is zero when the date has passed", () => {
    expect(parseRetryAfter("Wed, 31 Dec 2025 23:59:59 GMT", NOW)).to.equal(0);
  });

  it("is limited to a safe number, however many digits come", () => {
    expect(parseRetryAfter("9".repeat(400), NOW)).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it("ignores values that it cannot read", () => {
    const garbage = [
      "",
      "soon",
      "-5",
      "+5",
      "1.5",
      "1e3",
      "0x10",
      "2026-01-01",
      "5 minutes",
      "Thu, 99 Foo 2026 00:00:00 GMT",
    ];
    for (const header of [undefined, ...garbage]) expect(parseRetryAfter(header, NOW), header).to.equal(null);
  });
});
