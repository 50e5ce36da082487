import { expect } from "chai";
import fc from "fast-check";
import {
  afterAttempt,
  type Breaker,
  CLOSED,
  DEFAULT_BREAKER,
  isAvailable,
} from "../../src/domain/breaker.ts";

const RULE = { failures: 3, pause: 10_000, longest: 60_000 };
const failed = (at: number) => ({ answered: false, probe: false, at });
const probeFailed = (at: number) => ({ answered: false, probe: true, at });
const answered = (at: number) => ({ answered: true, probe: false, at });
const opened = (at: number) =>
  [1, 2, 3].reduce((breaker) => afterAttempt(breaker, failed(at), RULE), CLOSED as Breaker);

describe("a breaker", () => {
  it("opens at the configured failures in a row, and sets the first probe after the pause", () => {
    const two = afterAttempt(afterAttempt(CLOSED, failed(1), RULE), failed(2), RULE);
    expect(two).to.deep.equal({ failures: 2, probeAt: null, probes: 0 });
    expect(afterAttempt(two, failed(3), RULE)).to.deep.equal({
      ...{ failures: 3, probeAt: 10_003, probes: 0, openedAt: 3 },
    });
  });

  it("counts a failure to get an access token, and says that of the last failure", () => {
    const tokenless = (at: number) => ({ ...failed(at), tokenless: true });
    const two = afterAttempt(afterAttempt(CLOSED, failed(1), RULE), tokenless(2), RULE);
    expect(two).to.deep.equal({ failures: 2, probeAt: null, probes: 0, failing: "token_endpoint" });
    expect(afterAttempt(two, failed(3), RULE)).not.to.have.property("failing");
    const open = afterAttempt(two, tokenless(3), RULE);
    expect(open).to.deep.include({ probeAt: 10_003, failing: "token_endpoint" });
    expect(afterAttempt(open, { ...probeFailed(20), tokenless: true }, RULE)).to.include({
      failing: "token_endpoint",
    });
    expect(afterAttempt(open, probeFailed(20), RULE)).not.to.have.property("failing");
    expect(afterAttempt(open, answered(20), RULE)).to.deep.equal(CLOSED);
  });

  it("counts from 0 again after every answer", () => {
    const two = afterAttempt(afterAttempt(CLOSED, failed(1), RULE), failed(2), RULE);
    expect(afterAttempt(afterAttempt(two, answered(3), RULE), failed(4), RULE)).to.include({ failures: 1 });
  });

  it("waits twice as long after each probe that fails, up to the longest pause", () => {
    let breaker = opened(0);
    const pauses: number[] = [];
    for (let probe = 0; probe < 5; probe++) {
      const at = breaker.probeAt ?? expect.fail("it is closed");
      breaker = afterAttempt(breaker, probeFailed(at), RULE);
      pauses.push((breaker.probeAt ?? expect.fail("it is closed")) - at);
    }
    expect(pauses).to.deep.equal([20_000, 40_000, 60_000, 60_000, 60_000]);
  });

  it("closes as soon as the receiver answers a probe or an earlier attempt", () => {
    expect(afterAttempt(opened(0), { answered: true, probe: true, at: 10_000 }, RULE)).to.deep.equal(CLOSED);
    expect(afterAttempt(opened(0), answered(1), RULE)).to.deep.equal(CLOSED);
  });

  it("ignores failures of attempts that began before it opened", () => {
    const open = opened(0);
    expect(afterAttempt(open, failed(1), RULE)).to.equal(open);
    expect(afterAttempt(open, failed(15_000), RULE)).to.equal(open);
  });

  it("opens by default at ten failures, and probes after 10 seconds up to 10 minutes", () => {
    let breaker: Breaker = CLOSED;
    for (let failures = 1; failures <= 10; failures += 1) {
      expect(breaker.probeAt, `after ${failures - 1} failures`).to.equal(null);
      breaker = afterAttempt(breaker, failed(0), DEFAULT_BREAKER);
    }
    expect(breaker.probeAt).to.equal(10_000);
    for (let probe = 0; probe < 20; probe += 1)
      breaker = afterAttempt(breaker, probeFailed(0), DEFAULT_BREAKER);
    expect(breaker.probeAt).to.equal(600_000);
  });

  it("is open exactly while at least the configured number of last attempts failed", () => {
    const signals = fc.array(fc.boolean(), { maxLength: 40 });
    fc.assert(
      fc.property(signals, (answers) => {
        const end = answers.reduce<Breaker>(
          (breaker, yes, at) =>
            afterAttempt(breaker, { answered: yes, probe: breaker.probeAt !== null, at }, RULE),
          CLOSED,
        );
        const failures = answers.length - 1 - answers.lastIndexOf(true);
        expect(end.failures).to.equal(failures);
        expect(end.probeAt !== null).to.equal(failures >= RULE.failures);
      }),
      { seed: 1 },
    );
  });
});

describe("isAvailable", () => {
  it("is false for no answer, 408, 429 and 5xx, and true for any other answer", () => {
    for (const status of [null, 408, 429, 500, 502, 503, 504, 599])
      expect(isAvailable(status), String(status)).to.equal(false);
    for (const status of [200, 204, 302, 400, 401, 404, 409, 410, 422])
      expect(isAvailable(status), String(status)).to.equal(true);
  });
});
