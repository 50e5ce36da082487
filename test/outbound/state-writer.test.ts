import { expect } from "chai";
import type { SavedState } from "../../src/outbound/gate.ts";
import { createStateWriter } from "../../src/outbound/state-writer.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { nth } from "../support/only.ts";

const PAUSED = { paused: { at: NEW_YEAR, reason: "moving house" }, breaker: null };
const NOTHING = { paused: null, breaker: null };

/** A writer over a store whose writes a test ends by hand, with all written and applied states. */
function aWriter() {
  const clock = createManualClock(NEW_YEAR);
  const saved: Partial<SavedState>[] = [];
  const applied: SavedState[] = [];
  const failures: number[] = [];
  const writes: { resolve(): void; reject(error: Error): void }[] = [];
  let current: SavedState = NOTHING;
  const writer = createStateWriter({
    destination: "crm",
    store: {
      saveDestination(_name, state) {
        saved.push(state);
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        writes.push({ resolve, reject });
        return promise;
      },
    },
    clock,
    observe: { keepFailed: (info) => failures.push(info.failures) },
    current: () => current,
    apply: (state) => applied.push(state),
  });
  const change = (state: SavedState) => {
    current = state;
  };
  return { writer, clock, saved, applied, failures, writes, change };
}

describe("the writer of a destination's state", () => {
  it("applies a state from the store at once while it has no unsaved change", () => {
    const { writer, applied } = aWriter();
    writer.receive(PAUSED);
    expect(applied).to.deep.equal([PAUSED]);
  });

  it("applies the last state that came during a write afterwards, also if the write fails", async () => {
    for (const end of ["resolve", "reject"] as const) {
      const { writer, applied, writes } = aWriter();
      const written = writer.write(["paused"]).catch((error: Error) => error.message);
      writer.receive(NOTHING);
      writer.receive(PAUSED);
      expect(applied).to.deep.equal([]);
      nth(writes, 0)[end](new Error("away"));
      expect(await written).to.equal(end === "reject" ? "away" : undefined);
      expect(applied).to.deep.equal([PAUSED]);
    }
  });

  it("calls back for a successful write before it applies a state that came meanwhile", async () => {
    const { writer, applied, writes } = aWriter();
    let before: number | null = null;
    const written = writer.write(["paused"], () => {
      before = applied.length;
    });
    writer.receive(PAUSED);
    nth(writes, 0).resolve();
    await written;
    expect(before).to.equal(0);
    expect(applied).to.have.length(1);
  });

  it("writes the current values of the marked fields only, and each mark once", async () => {
    const { writer, saved, writes, change } = aWriter();
    const { signal } = new AbortController();
    await writer.flush(signal);
    expect(saved).to.deep.equal([]);
    writer.mark("paused");
    change(PAUSED);
    const flushed = writer.flush(signal);
    await writer.flush(signal);
    nth(writes, 0).resolve();
    await flushed;
    expect(saved).to.deep.equal([{ paused: PAUSED.paused }]);
  });

  it("drops a state that came before its own write, which the store announces as well", async () => {
    const { writer, clock, saved, applied, failures, writes } = aWriter();
    writer.mark("breaker");
    const flushed = writer.flush(new AbortController().signal);
    nth(writes, 0).reject(new Error("away"));
    writer.receive(PAUSED);
    await clock.advance(250);
    nth(writes, 1).resolve();
    await flushed;
    expect(failures).to.deep.equal([1]);
    expect(saved).to.have.length(2);
    expect(applied).to.deep.equal([]);
  });
});
