import { expect } from "chai";
import { toTime } from "../../src/mapping/transform.ts";
import { ZoneText } from "../../src/mapping/zone.ts";

const iso = (text: string, zone: string) => new Date(toTime("iso", text, zone)).toISOString();

describe("a zone for times without an offset", () => {
  it("gives them an offset, in summer and in winter", () => {
    expect(iso("2026-01-15T12:00:00", "Europe/London")).to.equal("2026-01-15T12:00:00.000Z");
    expect(iso("2026-07-15T12:00:00.250", "Europe/London")).to.equal("2026-07-15T11:00:00.250Z");
    expect(iso("2026-07-15", "America/New_York")).to.equal("2026-07-15T04:00:00.000Z");
    expect(iso("2026-03-02 15:44", "Asia/Kolkata")).to.equal("2026-03-02T10:14:00.000Z");
    expect(iso("2026-01-01T00:30:00", "Pacific/Kiritimati")).to.equal("2025-12-31T10:30:00.000Z");
  });

  it("changes nothing where the time has an offset", () => {
    expect(iso("2026-07-15T12:00:00Z", "Europe/London")).to.equal("2026-07-15T12:00:00.000Z");
    expect(iso("2026-07-15T12:00:00-03:00", "Europe/London")).to.equal("2026-07-15T15:00:00.000Z");
  });

  it("takes the first of two moments with the same local time", () => {
    // London, 25 October 2026: at 02:00 in summer time the clocks go back to 01:00.
    expect(iso("2026-10-25T00:59:59", "Europe/London")).to.equal("2026-10-24T23:59:59.000Z");
    expect(iso("2026-10-25T01:00:00", "Europe/London")).to.equal("2026-10-25T00:00:00.000Z");
    expect(iso("2026-10-25T01:59:59", "Europe/London")).to.equal("2026-10-25T00:59:59.000Z");
    expect(iso("2026-10-25T02:00:00", "Europe/London")).to.equal("2026-10-25T02:00:00.000Z");
    expect(iso("2026-11-01T01:30:00", "America/New_York")).to.equal("2026-11-01T05:30:00.000Z");
  });

  it("takes a local time that is skipped for one that is as much later", () => {
    // London, 29 March 2026: at 01:00 the clocks go on to 02:00.
    expect(iso("2026-03-29T00:59:59", "Europe/London")).to.equal("2026-03-29T00:59:59.000Z");
    expect(iso("2026-03-29T01:00:00", "Europe/London")).to.equal("2026-03-29T01:00:00.000Z");
    expect(iso("2026-03-29T01:30:00", "Europe/London")).to.equal("2026-03-29T01:30:00.000Z");
    expect(iso("2026-03-29T02:00:00", "Europe/London")).to.equal("2026-03-29T01:00:00.000Z");
    expect(iso("2026-03-08T02:30:00", "America/New_York")).to.equal("2026-03-08T07:30:00.000Z");
  });

  it("is one of the IANA list, and no offset or ambiguous name", () => {
    for (const good of ["Europe/London", "UTC", "America/Argentina/Buenos_Aires"]) {
      expect(ZoneText.safeParse(good).success, good).to.equal(true);
    }
    for (const bad of ["", "Europe/Londn", "IST", "+01:00", "Europe", "../etc"]) {
      expect(ZoneText.safeParse(bad).success, bad).to.equal(false);
    }
  });
});

describe("the transform rfc2822", () => {
  const read = (text: string, zone?: string) => toTime("rfc2822", text, zone);
  const AT = Date.UTC(2026, 2, 2, 10, 14);

  it("reads the forms of mail and of OpenSign", () => {
    for (const same of [
      "Mon, 02 Mar 2026 15:44:00 GMT+5:30",
      "Mon, 02 Mar 2026 15:44:00 +0530",
      "Mon, 2 Mar 2026 10:14:00 GMT",
      "2 March 2026 10:14 UT",
      "Monday, 2 mar 2026 10:14:00 utc",
      "Mon, 02 Mar 2026 10:14:00 Z",
      "Mon, 02 Mar 2026 06:14:00 GMT-4",
      "Mon, 02 Mar 2026 05:14:00 -05:00",
    ])
      expect(read(same), same).to.equal(AT);
    expect(read("Mon, 02 Mar 2026 15:44:00", "Asia/Kolkata")).to.equal(AT);
  });

  it("refuses ambiguous names of zones, and any other text", () => {
    for (const bad of [
      "Fri, 16 May 2025 15:02:42 IST",
      "Fri, 16 May 2025 15:02:42 CST",
      "Fri, 30 Feb 2025 15:02:42 GMT",
      "16 Foo 2025 15:02:42 GMT",
      "16 May 2025 25:02:42 GMT",
      "16 May 25 15:02:42 GMT",
      "2026-03-02T10:14:00Z",
      "soon",
      "",
    ])
      expect(read(bad), bad).to.be.NaN;
  });
});
