import { expect } from "chai";
import fc from "fast-check";
import { MAX_WAIT_MS, nextAttemptAt, PRESETS } from "../../src/domain/retry.ts";

const HOUR = 3_600_000;
const failure = (given: { number?: number; at?: number; retryAfter?: number | null } = {}) => ({
  number: 1,
  at: 1_000_000,
  retryAfter: null,
  ...given,
});

describe("nextAttemptAt", () => {
  it("follows the schedule: the first pause comes before the second try", () => {
    expect(nextAttemptAt([5_000, 60_000], failure(), 0)).to.equal(1_005_000);
    expect(nextAttemptAt([5_000, 60_000], failure({ number: 2 }), 0)).to.equal(1_060_000);
  });

  it("ends when the schedule has run out", () => {
    expect(nextAttemptAt([5_000, 60_000], failure({ number: 3 }), 0)).to.equal(null);
    expect(nextAttemptAt([], failure(), 0)).to.equal(null);
  });

  it("ends also when the receiver asked to be tried later", () => {
    expect(nextAttemptAt([5_000], failure({ number: 2, retryAfter: 60_000 }), 0)).to.equal(null);
  });

  it("adds up to a tenth by chance", () => {
    expect(nextAttemptAt([10_000], failure(), 0.5)).to.equal(1_010_500);
    expect(nextAttemptAt([10_000], failure(), 0.999)).to.equal(1_010_999);
  });

  it("waits longer when the receiver asks for it, and never shorter than the schedule", () => {
    expect(nextAttemptAt([5_000], failure({ retryAfter: 60_000 }), 0)).to.equal(1_060_000);
    expect(nextAttemptAt([5_000], failure({ retryAfter: 1_000 }), 0)).to.equal(1_005_000);
  });

  it("lets a receiver put it off by 24 hours at most", () => {
    expect(nextAttemptAt([5_000], failure({ retryAfter: 9e15 }), 0)).to.equal(1_000_000 + MAX_WAIT_MS);
    expect(MAX_WAIT_MS).to.equal(24 * HOUR);
  });

  it("is a whole number within schedule, jitter and cap, whatever comes", () => {
    const cases = {
      schedule: fc.array(fc.integer({ min: 0, max: 48 * HOUR }), { minLength: 1, maxLength: 10 }),
      retryAfter: fc.option(fc.integer({ min: 0, max: 1e12 })),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    };
    fc.assert(
      fc.property(fc.record(cases), ({ schedule, retryAfter, random }) => {
        const [pause = 0] = schedule;
        const next = nextAttemptAt(schedule, failure({ at: 0, retryAfter }), random) ?? Number.NaN;
        expect(Number.isInteger(next)).to.equal(true);
        expect(next).to.be.at.least(Math.max(pause, Math.min(retryAfter ?? 0, MAX_WAIT_MS)));
        expect(next).to.be.at.most(Math.ceil(Math.max(pause * 1.1, MAX_WAIT_MS)));
      }),
    );
  });
});

describe("the presets", () => {
  it("are ten tries over three days for `standard`, and seven over thirty hours for `lumin`", () => {
    const hours = (schedule: readonly number[]) => schedule.reduce((sum, pause) => sum + pause, 0) / HOUR;
    expect(PRESETS.standard).to.have.length(9);
    expect(hours(PRESETS.standard)).to.be.within(75, 76);
    expect(PRESETS.lumin).to.have.length(6);
    expect(hours(PRESETS.lumin)).to.be.within(30, 31);
  });

  it("are those that the design names", () => {
    const minute = 60_000;
    expect(PRESETS.standard).to.deep.equal([
      5_000,
      5 * minute,
      30 * minute,
      ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR),
    ]);
    expect(PRESETS.lumin).to.deep.equal([5, 15, 45, 135, 405, 1_215].map((minutes) => minutes * minute));
  });
});
