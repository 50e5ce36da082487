import { expect } from "chai";
import { createWakeTimer, type WakeTimer } from "../../src/outbound/wake-timer.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";

const HOUR = 3_600_000;

describe("a worker's timer", () => {
  let clock: ManualClock;
  let timer: WakeTimer;
  let firedAt: number[];

  beforeEach(() => {
    clock = createManualClock(NEW_YEAR);
    firedAt = [];
    timer = createWakeTimer(clock, () => firedAt.push(clock.now() - NEW_YEAR));
  });

  it("fires once, at the time that it is set to", async () => {
    timer.set(NEW_YEAR + 500);
    await clock.advance(499);
    expect(firedAt).to.deep.equal([]);
    await clock.advance(5_000);
    expect(firedAt).to.deep.equal([500]);
  });

  it("fires at the last time only when it is set again, earlier or later", async () => {
    timer.set(NEW_YEAR + 500);
    timer.set(NEW_YEAR + 900);
    timer.set(NEW_YEAR + 300);
    expect(clock.timers).to.equal(1);
    await clock.advance(5_000);
    expect(firedAt).to.deep.equal([300]);
  });

  it("keeps the timer of the clock when it is set to the same time", () => {
    let made = 0;
    const after: ManualClock["after"] = (...given) => {
      made += 1;
      return clock.after(...given);
    };
    const counting = { ...clock, after };
    const counted = createWakeTimer(counting, () => {});
    counted.set(NEW_YEAR + 500);
    counted.set(NEW_YEAR + 500);
    expect(made).to.equal(1);
  });

  it("does not fire once it is off, and can be set to the same time again", async () => {
    timer.set(NEW_YEAR + 500);
    timer.off();
    expect(clock.timers).to.equal(0);
    timer.set(NEW_YEAR + 500);
    await clock.advance(500);
    expect(firedAt).to.deep.equal([500]);
  });

  it("fires at once for a time that has passed", async () => {
    timer.set(NEW_YEAR - 500);
    await clock.advance(0);
    expect(firedAt).to.deep.equal([0]);
  });

  it("fires within an hour however far ahead it is set", async () => {
    timer.set(NEW_YEAR + 60 * 24 * HOUR);
    await clock.advance(60 * 24 * HOUR);
    expect(firedAt).to.deep.equal([HOUR]);
  });

  it("can be set while it fires", async () => {
    timer = createWakeTimer(clock, () => {
      if (firedAt.push(clock.now() - NEW_YEAR) < 3) timer.set(clock.now() + 100);
    });
    timer.set(NEW_YEAR + 100);
    await clock.advance(1_000);
    expect(firedAt).to.deep.equal([100, 200, 300]);
  });
});
