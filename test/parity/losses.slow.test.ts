import { expect } from "chai";
import { isTerminal } from "../../src/parity/assess.ts";
import {
  aWindow,
  compareWindow,
  lossesOf,
  nameOf,
  toldBy,
  type Window,
  withClocksApart,
  without,
} from "./window.ts";

const OLD = ["batch"];
const NEW = ["realtime"];

describe("a parity report on 10,000 documents", () => {
  let whole: Window;
  before(function () {
    this.timeout(600_000);
    const made = aWindow({
      documents: 10_000,
      channels: [...OLD, ...NEW],
      faults: ["repeat", "reorder", "late", "burst"],
    });
    whole = withClocksApart(made);
  });

  for (const k of [0, 1, 17, 500])
    it(`names exactly ${k} losses on either side, beside repeats, reordering, lateness and clocks apart`, async function () {
      this.timeout(600_000);
      const told = toldBy(whole, [...OLD, ...NEW]);
      const chosen = whole.chance.sample(told, 2 * k);
      const lostByOld = new Set(whole.chance.sample(chosen, k));
      const lostByNew = new Set(chosen.filter((one) => !lostByOld.has(one)));
      const window = without(without(whole, lostByOld, OLD), lostByNew, NEW);
      const report = await compareWindow(window, { old: OLD, new: NEW });
      expect(lossesOf(report, "old")).to.deep.equal([...lostByOld].map(nameOf).sort());
      expect(lossesOf(report, "new")).to.deep.equal([...lostByNew].map(nameOf).sort());
      expect(report.disagreements).to.deep.equal([]);
      expect(report.verdict.coverage.unexplained).to.equal(2 * k);
      expect(report.control.found).to.equal(report.control.injected).and.to.be.above(20);
      const isFatal = k > 17 || chosen.some(({ type }) => isTerminal(type));
      expect(report.verdict.result).to.equal(isFatal ? "failed" : "passed", report.verdict.sentence);
    });
});
