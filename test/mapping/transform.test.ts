import { expect } from "chai";
import { toTime } from "../../src/mapping/transform.ts";

describe("the transform iso", () => {
  it("takes the year as it is, and refuses impossible dates and years before 1970", () => {
    expect(toTime("iso", "1999-01-01T00:00:00Z")).to.equal(Date.UTC(1999, 0, 1));
    expect(toTime("iso", "0099-01-01T00:00:00Z")).to.be.NaN;
    expect(toTime("iso", "2023-02-30T00:00:00Z")).to.be.NaN;
  });
});
