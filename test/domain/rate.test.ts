import { expect } from "chai";
import fc from "fast-check";
import { allowance, atRate, firstShare, fullBucket, nextToken, take } from "../../src/domain/rate.ts";
import { NEW_YEAR } from "../support/builders.ts";

describe("a rate", () => {
  it("allows a burst of a tenth of a second, and at least one", () => {
    expect(allowance(fullBucket(50, 0), 0)).to.equal(5);
    expect(allowance(fullBucket(3, 0), 0)).to.equal(1);
    expect(allowance(fullBucket(1 / 3_600, 0), 0)).to.equal(1);
  });

  it("returns the time of the next token", () => {
    const empty = take(fullBucket(50, NEW_YEAR), 5, NEW_YEAR);
    expect(allowance(empty, NEW_YEAR)).to.equal(0);
    expect(nextToken(empty, NEW_YEAR)).to.equal(NEW_YEAR + 20);
    expect(allowance(empty, NEW_YEAR + 19)).to.equal(0);
    expect(allowance(empty, NEW_YEAR + 20)).to.equal(1);
    const hourly = take(fullBucket(1 / 3_600, NEW_YEAR), 1, NEW_YEAR);
    expect(nextToken(hourly, NEW_YEAR)).to.equal(NEW_YEAR + 3_600_000);
  });

  it("does not accumulate beyond the burst", () => {
    expect(allowance(fullBucket(50, 0), 86_400_000)).to.equal(5);
  });

  it("is divided by the nodes that share it, and only a lone one begins with a burst", () => {
    expect(firstShare(50, 1, NEW_YEAR)).to.deep.equal(fullBucket(50, NEW_YEAR));
    const third = firstShare(60, 3, NEW_YEAR);
    expect(allowance(third, NEW_YEAR)).to.equal(0);
    expect(nextToken(third, NEW_YEAR)).to.equal(NEW_YEAR + 50);
    expect(allowance(third, NEW_YEAR + 86_400_000)).to.equal(2);
  });

  it("keeps the tokens of the bucket when it is changed, up to the new capacity", () => {
    const shared = atRate(fullBucket(60, NEW_YEAR), 20, NEW_YEAR);
    expect(allowance(shared, NEW_YEAR)).to.equal(2);
    const alone = atRate(take(shared, 2, NEW_YEAR), 60, NEW_YEAR + 25);
    expect(allowance(alone, NEW_YEAR + 25)).to.equal(0);
    expect(nextToken(alone, NEW_YEAR + 25)).to.equal(NEW_YEAR + 34);
  });

  it("allows a burst when the clock is set back", () => {
    const empty = take(fullBucket(50, NEW_YEAR), 5, NEW_YEAR);
    expect(allowance(empty, NEW_YEAR - 3_600_000)).to.equal(5);
  });

  it("is never exceeded, and allows at least one at each announced time, at any rate", () => {
    const rates = fc.oneof(
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1, max: 5_000 }).map((perMinute) => perMinute / 60),
    );
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 40 }), (rate, atOnce) => {
        let bucket = fullBucket(rate, NEW_YEAR);
        const burst = allowance(bucket, NEW_YEAR);
        let begun = 0;
        let now = NEW_YEAR;
        for (let turn = 0; turn < 100; turn++) {
          const count = Math.min(allowance(bucket, now), atOnce);
          bucket = take(bucket, count, now);
          begun += count;
          if (count === 0 || begun > burst + ((now - NEW_YEAR) * rate) / 1_000 + 1e-6) return false;
          now = nextToken(bucket, now);
        }
        return true;
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});
