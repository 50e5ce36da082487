import { expect } from "chai";
import { pause } from "../../src/domain/clock.ts";
import { createManualClock, settled } from "../support/clock.ts";

describe("pause", () => {
  const begin = (ms: number) => {
    const clock = createManualClock(0);
    const controller = new AbortController();
    const state = { over: false };
    void pause(clock, ms, controller.signal).then(() => {
      state.over = true;
    });
    return { clock, controller, state };
  };

  it("lasts for the given time", async () => {
    const { clock, state } = begin(1_000);
    await clock.advance(999);
    expect(state.over).to.equal(false);
    await clock.advance(1);
    expect(state.over).to.equal(true);
  });

  it("ends when it is aborted, and leaves no timer behind", async () => {
    const { clock, controller, state } = begin(1_000);
    controller.abort();
    await settled();
    expect(state.over).to.equal(true);
    expect(clock.timers).to.equal(0);
  });
});
