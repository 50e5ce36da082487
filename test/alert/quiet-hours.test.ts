import { expect } from "chai";
import { isQuiet, parseQuietHours } from "../../src/alert/quiet-hours.ts";

const at = (text: string) => Date.parse(text);
const quiet = (hours: string, moment: string) =>
  isQuiet(parseQuietHours(hours) ?? expect.fail(`${hours} was not understood`), at(moment));

describe("quiet hours", () => {
  it("last from their begin to before their end, also over midnight", () => {
    for (const [moment, expected] of [
      ["2026-03-03T21:59:59Z", false],
      ["2026-03-03T22:00:00Z", true],
      ["2026-03-03T23:59:00Z", true],
      ["2026-03-04T00:00:00Z", true],
      ["2026-03-04T06:59:59Z", true],
      ["2026-03-04T07:00:00Z", false],
    ] as const)
      expect(quiet("22:00-07:00", moment), moment).to.equal(expected);
    expect(quiet("12:00-13:30", "2026-03-04T13:29:00Z")).to.equal(true);
    expect(quiet("12:00-13:30", "2026-03-04T13:30:00Z")).to.equal(false);
  });

  it("follow the clock of their time zone, in summer and in winter", () => {
    expect(quiet("22:00-07:00 Europe/Berlin", "2026-01-15T21:00:00Z")).to.equal(true);
    expect(quiet("22:00-07:00 Europe/Berlin", "2026-07-15T20:00:00Z")).to.equal(true);
    expect(quiet("22:00-07:00 Europe/Berlin", "2026-07-15T05:00:00Z")).to.equal(false);
    expect(quiet("22:00-07:00 America/New_York", "2026-01-15T21:00:00Z")).to.equal(false);
  });

  for (const text of [
    "",
    "22-7",
    "22:00",
    "24:00-07:00",
    "22:60-07:00",
    "07:00-07:00",
    "22:00-07:00 Mars/Base",
    "22:00 - 07:00",
  ])
    it(`are not understood as ${JSON.stringify(text)}`, () => {
      expect(parseQuietHours(text)).to.equal(null);
    });
});
