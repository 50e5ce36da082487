import { expect } from "chai";
import { formatMoment, formatMomentBeside, parseMoment } from "../../src/domain/moment.ts";

describe("a moment for people", () => {
  const noon = Date.UTC(2026, 0, 31, 12, 0, 5, 999);

  it("is in UTC, to the second", () => {
    expect(formatMoment(noon)).to.equal("2026-01-31 12:00:05");
    expect(formatMoment(0)).to.equal("1970-01-01 00:00:00");
  });

  it("omits the day beside another moment of the same day", () => {
    expect(formatMomentBeside(noon, Date.UTC(2026, 0, 31))).to.equal("12:00:05");
    expect(formatMomentBeside(noon, Date.UTC(2026, 0, 30, 23, 59, 59))).to.equal("2026-01-31 12:00:05");
    expect(formatMomentBeside(noon, Date.UTC(2025, 0, 31, 12, 0, 5))).to.equal("2026-01-31 12:00:05");
  });
});

describe("a moment as people write it", () => {
  const noon = Date.UTC(2026, 0, 31, 12);

  it("is a date or a time of ISO 8601, in UTC unless it says otherwise", () => {
    for (const text of ["2026-01-31T12:00:00Z", "2026-01-31 12:00", "2026-01-31T13:00:00.000+01:00"])
      expect(parseMoment(text), text).to.equal(noon);
    expect(parseMoment("2026-01-31")).to.equal(Date.UTC(2026, 0, 31));
    expect(parseMoment(formatMoment(noon))).to.equal(noon);
  });

  it("is a number of milliseconds since 1970, though not of seconds", () => {
    expect(parseMoment(String(noon))).to.equal(noon);
    expect(parseMoment(String(noon / 1_000))).to.equal(null);
  });

  it("is null for any other text, and for a day that no month has", () => {
    for (const text of [
      "",
      "2026",
      "yesterday",
      "31 Jan 2026",
      "2026-13-01",
      "2026-02-31",
      "2026-01-31T25:00Z",
    ])
      expect(parseMoment(text), text).to.equal(null);
  });
});
