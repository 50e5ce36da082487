import { expect } from "chai";
import type { Outcome } from "../../src/domain/delivery.ts";
import type { Problem } from "../../src/domain/receipt.ts";
import {
  hourOf,
  sumUp,
  type Tally,
  tallyParked,
  tallyReceipt,
  tallyRejection,
  tallySettlement,
} from "../../src/domain/tally.ts";
import { anAttempt } from "../store/filled.ts";
import { aReceipt, NEW_YEAR } from "../support/builders.ts";

const HOUR = 3_600_000;
const GONE = { status: "parked", reason: "gone" } as const;

describe("a tally", () => {
  it("is of the UTC hour that a moment lies in", () => {
    expect([0, HOUR - 1, HOUR].map((after) => hourOf(NEW_YEAR + after) - NEW_YEAR)).to.deep.equal([
      0,
      0,
      HOUR,
    ]);
  });

  describe("of a request", () => {
    const problem = (kind: Problem["kind"]): Problem => ({ kind, item: null, field: null, message: "so" });
    const outcomeOf = (kinds: readonly Problem["kind"][], events: number, duplicates: number) =>
      tallyReceipt(aReceipt({ problems: kinds.map(problem) }), {
        events: Array.from({ length: events }),
        duplicates: Array.from({ length: duplicates }, () => "evt_1"),
      }).outcome;

    it("is a duplicate only where it repeats events and reports no new one", () => {
      expect(outcomeOf([], 1, 0)).to.equal("accepted");
      expect(outcomeOf([], 1, 2)).to.equal("accepted");
      expect(outcomeOf([], 0, 2)).to.equal("duplicate");
      expect(outcomeOf([], 0, 0)).to.equal("accepted");
    });

    it("is a problem where a part could not be read, whatever else it reports", () => {
      expect(outcomeOf(["unmapped"], 1, 0)).to.equal("problem");
      expect(outcomeOf(["undecodable"], 0, 2)).to.equal("problem");
    });

    it("is accepted while the rest of a long request is to come", () => {
      expect(outcomeOf(["unfinished"], 1, 0)).to.equal("accepted");
      expect(outcomeOf(["unfinished"], 0, 2)).to.equal("accepted");
      expect(outcomeOf(["unfinished", "invalid"], 0, 0)).to.equal("problem");
    });

    it("has the moment when the request came, and no latency", () => {
      const came = { source: "lumin", channel: "account", receivedAt: NEW_YEAR + HOUR + 1 };
      expect(tallyRejection(came)).to.deep.equal({
        hour: NEW_YEAR + HOUR,
        ...{ source: "lumin", channel: "account", destination: "" },
        ...{ outcome: "refused", bucket: 0, count: 1, newest: NEW_YEAR + HOUR + 1 },
      });
    });
  });

  describe("of a delivery", () => {
    const settled = (outcome: Outcome, duration: number | null, startedAt = NEW_YEAR) =>
      tallySettlement("crm", {
        attempt: duration === null ? null : anAttempt({ startedAt, duration }),
        outcome,
        at: NEW_YEAR + 2 * HOUR,
      });

    it("is failed where the delivery is tried again", () => {
      const outcomes: Outcome[] = [{ status: "delivered" }, { status: "pending", dueAt: NEW_YEAR }, GONE];
      expect(outcomes.map((outcome) => settled(outcome, 5)?.outcome)).to.deep.equal([
        "delivered",
        "failed",
        "parked",
      ]);
    });

    it("has the moment when the attempt ended, in whose hour it counts", () => {
      expect(settled({ status: "delivered" }, 20, NEW_YEAR + HOUR - 10)).to.deep.equal({
        hour: NEW_YEAR + HOUR,
        ...{ source: "", channel: "", destination: "crm" },
        ...{ outcome: "delivered", bucket: 2, count: 1, newest: NEW_YEAR + HOUR + 10 },
      });
    });

    it("has the first latency bucket whose bound is not exceeded, or the one beyond all", () => {
      const buckets = [0, 10, 11, 50, 30_000, 30_001].map(
        (duration) => settled({ status: "delivered" }, duration)?.bucket,
      );
      expect(buckets).to.deep.equal([1, 1, 2, 2, 10, 11]);
    });

    it("has no latency where it is parked without an attempt, and counts then", () => {
      expect(settled(GONE, null)).to.deep.equal(tallyParked("crm", NEW_YEAR + 2 * HOUR));
      expect(tallyParked("crm", NEW_YEAR, 7)).to.include({ outcome: "parked", bucket: 0, count: 7 });
    });

    it("is none where nothing was sent and the delivery stays open", () => {
      expect(settled({ status: "pending", dueAt: NEW_YEAR }, null)).to.equal(null);
    });
  });

  it("is summed up by its key, with the newest moment of all", () => {
    const one = tallyParked("crm", NEW_YEAR + 5, 2);
    const others: Tally[] = [
      { ...one, hour: NEW_YEAR + HOUR },
      { ...one, source: "a" },
      { ...one, channel: "a" },
      { ...one, destination: "erp" },
      { ...one, outcome: "failed" },
      { ...one, bucket: 1 },
    ];
    const earlier = { ...one, count: 3, newest: NEW_YEAR };
    expect(sumUp([one, ...others, earlier])).to.deep.equal([{ ...one, count: 5 }, ...others]);
    expect(one.count).to.equal(2);
    expect(sumUp([])).to.deep.equal([]);
  });
});
