import { expect } from "chai";
import { createGate, type Gate } from "../../src/outbound/gate.ts";
import { NEW_YEAR } from "../support/builders.ts";

const RULE = { failures: 2, pause: 10_000, longest: 60_000 };
const NOTHING = { paused: null, breaker: null };
const OPEN = { paused: null, breaker: { failures: 2, probeAt: NEW_YEAR + 10_000, probes: 0 } };

const aGate = (
  saved: Parameters<typeof createGate>[1] = NOTHING,
  rate: number | null = null,
  nodes: number | null = 1,
) => createGate({ rate, breaker: RULE }, saved, NEW_YEAR, nodes);
const fail = (gate: Gate, at: number, probe = false) => gate.end({ answered: false, probe, at });
const beginProbe = (gate: Gate, at: number) => gate.begin(1, gate.ask(at), at);

describe("the gate before a destination", () => {
  it("permits any number of attempts without pause, breaker or rate", () => {
    expect(aGate().ask(NEW_YEAR)).to.deep.include({ count: Number.POSITIVE_INFINITY, probe: false });
  });

  it("says whether an attempt opened or closed the breaker", () => {
    const gate = aGate();
    expect(fail(gate, NEW_YEAR)).to.equal(null);
    expect(fail(gate, NEW_YEAR)).to.equal("opened");
    expect(fail(gate, NEW_YEAR)).to.equal(null);
    beginProbe(gate, NEW_YEAR + 10_000);
    expect(fail(gate, NEW_YEAR + 10_000, true)).to.equal("probed");
    beginProbe(gate, NEW_YEAR + 30_000);
    expect(gate.end({ answered: true, probe: true, at: NEW_YEAR + 30_000 })).to.equal("closed");
    expect(gate.end({ answered: true, probe: false, at: NEW_YEAR + 30_000 })).to.equal(null);
  });

  it("does not wait for a probe time beyond the longest pause, after the clock was set back", () => {
    const ahead = { ...OPEN, breaker: { ...OPEN.breaker, probeAt: NEW_YEAR + 6 * 3_600_000 } };
    expect(aGate(ahead).ask(NEW_YEAR)).to.deep.equal({ count: 1, retryAt: null, probe: true });
  });

  it("lets one probe through an open breaker, when its time has come and none is out", () => {
    const gate = aGate(OPEN);
    expect(gate.ask(NEW_YEAR)).to.deep.equal({ count: 0, retryAt: NEW_YEAR + 10_000, probe: false });
    expect(gate.ask(NEW_YEAR + 10_000)).to.deep.equal({ count: 1, retryAt: null, probe: true });
    beginProbe(gate, NEW_YEAR + 10_000);
    expect(gate.ask(NEW_YEAR + 99_000)).to.deep.equal({ count: 0, retryAt: null, probe: false });
    fail(gate, NEW_YEAR + 25_000, true);
    expect(gate.ask(NEW_YEAR + 25_000)).to.include({ count: 0, retryAt: NEW_YEAR + 45_000 });
  });

  it("keeps the permit to probe while no delivery was due", () => {
    const gate = aGate(OPEN);
    gate.begin(0, gate.ask(NEW_YEAR + 10_000), NEW_YEAR + 10_000);
    expect(gate.ask(NEW_YEAR + 11_000)).to.include({ count: 1, probe: true });
  });

  it("does not take an earlier attempt's failure during a probe for the probe's", () => {
    const gate = aGate(OPEN);
    beginProbe(gate, NEW_YEAR + 10_000);
    fail(gate, NEW_YEAR + 12_000);
    expect(gate.breaker).to.equal(OPEN.breaker);
    expect(gate.ask(NEW_YEAR + 12_000)).to.include({ count: 0, retryAt: null });
  });

  it("applies the rate to a probe", () => {
    const gate = aGate(NOTHING, 0.01);
    gate.begin(1, gate.ask(NEW_YEAR), NEW_YEAR);
    fail(gate, NEW_YEAR);
    fail(gate, NEW_YEAR);
    expect(gate.ask(NEW_YEAR + 10_000)).to.include({ count: 0, retryAt: NEW_YEAR + 100_000 });
    expect(gate.ask(NEW_YEAR + 100_000)).to.include({ count: 1, probe: true });
  });

  it("permits no attempt while paused, and names no time to ask again", () => {
    const gate = aGate({ ...OPEN, paused: { at: NEW_YEAR, reason: "moving" } });
    expect(gate.ask(NEW_YEAR + 10_000)).to.deep.equal({ count: 0, retryAt: null, probe: false });
  });

  it("permits a probe at once when an operator resumes", () => {
    const gate = aGate({ ...OPEN, paused: { at: NEW_YEAR, reason: "moving" } });
    gate.resume(NEW_YEAR + 1);
    expect(gate.ask(NEW_YEAR + 1)).to.deep.equal({ count: 1, retryAt: null, probe: true });
  });

  describe("when another node saves its state", () => {
    it("opens and closes with it", () => {
      const gate = aGate();
      gate.applyState(OPEN);
      expect(gate.ask(NEW_YEAR)).to.deep.equal({ count: 0, retryAt: NEW_YEAR + 10_000, probe: false });
      gate.applyState(NOTHING);
      expect(gate.ask(NEW_YEAR)).to.deep.include({ count: Number.POSITIVE_INFINITY, probe: false });
      gate.applyState({ ...NOTHING, paused: { at: NEW_YEAR, reason: "moving" } });
      expect(gate.ask(NEW_YEAR).count).to.equal(0);
    });

    it("goes on counting the failures that have not opened it yet", () => {
      const gate = aGate();
      fail(gate, NEW_YEAR);
      gate.applyState(NOTHING);
      expect(fail(gate, NEW_YEAR)).to.equal("opened");
    });

    it("still waits for its own probe, and counts that on the state of the other", () => {
      const gate = aGate(OPEN);
      beginProbe(gate, NEW_YEAR + 10_000);
      gate.applyState({ paused: null, breaker: { failures: 2, probeAt: NEW_YEAR + 55_000, probes: 0 } });
      expect(gate.ask(NEW_YEAR + 60_000).count).to.equal(0);
      expect(fail(gate, NEW_YEAR + 60_000, true)).to.equal("probed");
      expect(gate.breaker).to.deep.equal({ failures: 3, probeAt: NEW_YEAR + 80_000, probes: 1 });
    });
  });

  describe("when nodes share a rate", () => {
    it("permits no attempt before it knows their number", () => {
      const gate = aGate(NOTHING, 10, null);
      expect(gate.ask(NEW_YEAR)).to.deep.equal({ count: 0, retryAt: null, probe: false });
      gate.setNodeCount(2, NEW_YEAR);
      expect(gate.ask(NEW_YEAR)).to.include({ count: 0, retryAt: NEW_YEAR + 200 });
      expect(aGate(NOTHING, null, null).ask(NEW_YEAR).count).to.equal(Number.POSITIVE_INFINITY);
    });

    it("changes its share as they come and go", () => {
      const gate = aGate(NOTHING, 10);
      gate.begin(1, gate.ask(NEW_YEAR), NEW_YEAR);
      expect(gate.ask(NEW_YEAR).retryAt).to.equal(NEW_YEAR + 100);
      gate.setNodeCount(4, NEW_YEAR);
      expect(gate.ask(NEW_YEAR).retryAt).to.equal(NEW_YEAR + 400);
      gate.setNodeCount(1, NEW_YEAR);
      expect(gate.ask(NEW_YEAR).retryAt).to.equal(NEW_YEAR + 100);
    });
  });
});
