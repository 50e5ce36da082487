import { expect } from "chai";
import fc from "fast-check";
import { parseDuration } from "../../src/domain/quantity.ts";
import { MAX_WAIT_MS, nextAttemptAt, PRESETS, type Schedule } from "../../src/domain/retry.ts";

const HOUR = 3_600_000;
const failure = (given: { number?: number; at?: number; retryAfter?: number | null } = {}) => ({
  number: 1,
  at: 1_000_000,
  retryAfter: null,
  ...given,
});

describe("nextAttemptAt", () => {
  it("follows the schedule: the first pause comes before the second attempt", () => {
    expect(nextAttemptAt([5_000, 60_000], failure(), 0)).to.equal(1_005_000);
    expect(nextAttemptAt([5_000, 60_000], failure({ number: 2 }), 0)).to.equal(1_060_000);
  });

  it("returns null when the schedule has run out", () => {
    expect(nextAttemptAt([5_000, 60_000], failure({ number: 3 }), 0)).to.equal(null);
    expect(nextAttemptAt([], failure(), 0)).to.equal(null);
  });

  it("returns null then also when the receiver asked for a later attempt", () => {
    expect(nextAttemptAt([5_000], failure({ number: 2, retryAfter: 60_000 }), 0)).to.equal(null);
  });

  it("adds up to a tenth at random", () => {
    expect(nextAttemptAt([10_000], failure(), 0.5)).to.equal(1_010_500);
    expect(nextAttemptAt([10_000], failure(), 0.999)).to.equal(1_010_999);
  });

  it("waits longer when the receiver asks for it, and never less than the schedule", () => {
    expect(nextAttemptAt([5_000], failure({ retryAfter: 60_000 }), 0)).to.equal(1_060_000);
    expect(nextAttemptAt([5_000], failure({ retryAfter: 1_000 }), 0)).to.equal(1_005_000);
  });

  it("lets a receiver postpone the next attempt by 24 hours at most", () => {
    expect(nextAttemptAt([5_000], failure({ retryAfter: 9e15 }), 0)).to.equal(1_000_000 + MAX_WAIT_MS);
    expect(MAX_WAIT_MS).to.equal(24 * HOUR);
  });

  it("returns a whole number within schedule, jitter and cap for any failure", () => {
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
  /** The pauses between all attempts of a delivery that always fails, without jitter. */
  const pausesOf = (schedule: Schedule) => {
    const pauses: number[] = [];
    for (let number = 1; ; number += 1) {
      const next = nextAttemptAt(schedule, failure({ number, at: 0 }), 0);
      if (next === null) return pauses;
      pauses.push(next);
    }
  };
  const hoursOf = (pauses: readonly number[]) => pauses.reduce((sum, pause) => sum + pause, 0) / HOUR;

  it("make ten attempts over three days for `standard`, and seven over thirty hours for `lumin`", () => {
    expect(1 + pausesOf(PRESETS.standard).length).to.equal(10);
    expect(hoursOf(pausesOf(PRESETS.standard))).to.be.within(75, 76);
    expect(1 + pausesOf(PRESETS.lumin).length).to.equal(7);
    expect(hoursOf(pausesOf(PRESETS.lumin))).to.be.within(30, 31);
  });

  it("wait as Standard Webhooks recommends for `standard`", () => {
    const recommended = ["5s", "5m", "30m", "2h", "5h", "10h", "14h", "20h", "24h"];
    expect(pausesOf(PRESETS.standard)).to.deep.equal(recommended.map(parseDuration));
  });

  it("triple the pause from five minutes on for `lumin`, as Lumin does", () => {
    const pauses = pausesOf(PRESETS.lumin);
    expect(pauses[0]).to.equal(5 * 60_000);
    for (const [n, pause] of pauses.slice(1).entries()) expect(pause).to.equal(3 * (pauses[n] ?? 0));
  });
});
