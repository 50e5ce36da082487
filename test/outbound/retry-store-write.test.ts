import { expect } from "chai";
import { retryStoreWrite, storeBackoff } from "../../src/outbound/retry-store-write.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";

/** A write that fails the given number of times, on a clock that a test moves. */
function aWrite(failures: number, fault: () => unknown = () => new Error("away")) {
  const clock = createManualClock(NEW_YEAR);
  const stop = new AbortController();
  const triedAt: number[] = [];
  const reported: [unknown, number][] = [];
  const write = async () => {
    if (triedAt.push(clock.now() - NEW_YEAR) <= failures) throw fault();
    return "stored";
  };
  const result = retryStoreWrite(write, {
    clock,
    signal: stop.signal,
    onFailure: (error, count) => reported.push([error, count]),
  });
  return { clock, stop, triedAt, reported, result };
}

describe("a write that is retried", () => {
  it("gives its result at once when the store takes it", async () => {
    const { result, reported } = aWrite(0);
    expect(await result).to.equal("stored");
    expect(reported).to.deep.equal([]);
  });

  it("is repeated with back-off until it is stored, each failure reported with its error", async () => {
    const fault = new TypeError("cannot read properties of undefined");
    const { clock, result, triedAt, reported } = aWrite(3, () => fault);
    await clock.advance(10_000);
    expect(await result).to.equal("stored");
    expect(triedAt).to.deep.equal([0, 250, 750, 1_750]);
    expect(reported).to.deep.equal([
      [fault, 1],
      [fault, 2],
      [fault, 3],
    ]);
  });

  it("gives null once its signal is aborted, without waiting for the next attempt", async () => {
    const { clock, stop, result, triedAt } = aWrite(Number.POSITIVE_INFINITY);
    await clock.advance(300);
    stop.abort();
    expect(await result).to.equal(null);
    expect(triedAt).to.have.length(2);
    expect(clock.timers).to.equal(0);
  });
});

describe("the back-off of store calls", () => {
  it("doubles from a quarter of a second up to five seconds", () => {
    expect([1, 2, 3, 4, 5, 6, 60].map(storeBackoff)).to.deep.equal([
      250, 500, 1_000, 2_000, 4_000, 5_000, 5_000,
    ]);
  });
});
