import { expect } from "chai";
import { formatMoment, formatMomentBeside } from "../../src/domain/moment.ts";

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
