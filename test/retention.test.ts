import { expect } from "chai";
import { CountersignError } from "../src/domain/errors.ts";
import { createPruner, type Pruned, type Pruner, type Retention } from "../src/retention.ts";
import { PRUNABLE, type PruneStep } from "../src/store/port/retention.ts";
import { openSqliteStore } from "../src/store/sqlite.ts";
import type { Store } from "../src/store/store.ts";
import { DAY, deliverAll } from "./store/filled.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "./support/builders.ts";
import { createManualClock, type ManualClock, settled } from "./support/clock.ts";

const HOUR = 3_600_000;
const PAGE = { limit: 1_000 };
const KEEP: Retention = {
  receipts: 90 * DAY,
  rejected: 30 * DAY,
  events: 90 * DAY,
  attempts: 90 * DAY,
  documents: 400 * DAY,
  audit: 400 * DAY,
  duplicates: 400 * DAY,
  tallies: 400 * DAY,
  proofs: 400 * DAY,
};
const FOREVER: Retention = {
  receipts: null,
  rejected: null,
  events: null,
  attempts: null,
  documents: null,
  audit: null,
  duplicates: null,
  tallies: null,
  proofs: null,
};

describe("pruning", () => {
  let clock: ManualClock;
  let reported: string[];
  let rounds: Pruned[];
  let pruner: Pruner;

  beforeEach(() => {
    clock = createManualClock(NEW_YEAR);
    reported = [];
    rounds = [];
  });

  function start(prune: Store["prune"], retention = KEEP): void {
    const observe = {
      removed: (table: string, count: number) => void reported.push(`removed ${count} of ${table}`),
      rounded: (pruned: Pruned) => void rounds.push(pruned),
      away: () => void reported.push("away"),
      died: (error: unknown) => void reported.push(`died: ${error}`),
    };
    const onDeath = () => void reported.push("the process is to be restarted");
    pruner = createPruner({ store: { prune }, retention, clock, observe, onDeath });
    pruner.start();
  }

  describe("of a real store", () => {
    let store: Store;
    beforeEach(() => {
      store = openSqliteStore({ file: ":memory:", token: () => "token" });
    });
    afterEach(async () => {
      await pruner.stop();
      await store.close();
    });

    const post = (document: string, receivedAt: number) =>
      store.record(
        aRecordRequest([aDraft({ document: aDocument(document) })], { receipt: aReceipt({ receivedAt }) }),
      );
    const documents = async () =>
      (await store.findEvents({}, PAGE)).items.map(({ document }) => document?.id);

    it("removes expired rows at the start, and no delivery that is still to be sent", async () => {
      for (let n = 0; n < 120; n++) await post(`old${n}`, NEW_YEAR - 91 * DAY);
      await deliverAll(store);
      await post("pending", NEW_YEAR - 91 * DAY);
      await post("young", NEW_YEAR - 89 * DAY);
      start(store.prune);
      await clock.advance(HOUR / 2);
      expect(await documents()).to.deep.equal(["pending", "young"]);
      expect((await store.findReceipts({}, PAGE)).items).to.have.length(1);
      expect((await store.findDocuments({}, PAGE)).items).to.have.length(122);
      expect(rounds).to.deep.equal([{ events: 120, receipts: 121 }]);
      expect(reported.filter((line) => line.endsWith("of events"))).to.deep.equal([
        "removed 50 of events",
        "removed 50 of events",
        "removed 20 of events",
      ]);
    });

    it("looks again an hour later, and reports nothing when it removed nothing", async () => {
      await post("a", NEW_YEAR - 90 * DAY + HOUR / 2);
      await deliverAll(store);
      start(store.prune);
      await clock.advance(HOUR - 1);
      expect(await documents()).to.deep.equal(["a"]);
      expect([reported, rounds]).to.deep.equal([[], []]);
      await clock.advance(HOUR / 2);
      expect(await documents()).to.deep.equal([]);
      expect(rounds).to.deep.equal([{ events: 1, receipts: 1 }]);
    });
  });

  /** Records every step, which ends as `come` says. */
  function steps(come: (step: PruneStep) => Promise<string | null> | string | null) {
    const taken: PruneStep[] = [];
    const prune: Store["prune"] = async (step) => {
      taken.push(step);
      return { pruned: 0, next: await come(step) };
    };
    return { taken, prune };
  }

  it("goes through every table to its end, each by its own age", async () => {
    const { taken, prune } = steps(({ table, cursor }) => (table === "receipts" && !cursor ? "next" : null));
    start(prune);
    await clock.advance(HOUR / 2);
    const order = [
      "events",
      "attempts",
      "receipts",
      "receipts",
      "rejections",
      "documents",
      "audit",
      "tombstones",
      "tallies",
      "proofs",
    ];
    expect(taken.map(({ table }) => table)).to.deep.equal(order);
    expect(new Set(order)).to.deep.equal(new Set(PRUNABLE));
    expect(taken.map(({ before }) => (NEW_YEAR - before) / DAY)).to.deep.equal([
      90, 90, 90, 90, 30, 400, 400, 400, 400, 400,
    ]);
    expect(taken.map(({ cursor }) => cursor ?? null).slice(2, 4)).to.deep.equal([null, "next"]);
  });

  it("skips tables without a limit, and does nothing when none has one", async () => {
    const some = steps(() => null);
    start(some.prune, { ...FOREVER, rejected: 30 * DAY });
    await clock.advance(HOUR / 2);
    expect(some.taken.map(({ table }) => table)).to.deep.equal(["rejections"]);
    await pruner.stop();

    const none = steps(() => null);
    start(none.prune, FOREVER);
    await clock.advance(2 * HOUR);
    expect([none.taken, clock.timers]).to.deep.equal([[], 0]);
  });

  it("rests nine times as long as a step took, so that it takes a tenth of the time at most", async () => {
    const { taken, prune } = steps(
      () => new Promise((resolve) => void clock.after(40, () => resolve("next"))),
    );
    start(prune);
    await clock.advance(40);
    expect(taken).to.have.length(1);
    await clock.advance(359);
    expect(taken).to.have.length(1);
    await clock.advance(1);
    expect(taken).to.have.length(2);
    const stopped = pruner.stop();
    await clock.advance(40);
    await stopped;
  });

  it("does not rest for hours when the clock was set during a step", async () => {
    let now = NEW_YEAR;
    const pauses: number[] = [];
    const after = (ms: number) => {
      pauses.push(ms);
      return () => {};
    };
    const observe = { removed() {}, rounded() {}, away() {}, died() {} };
    for (const jump of [5 * HOUR, -5 * HOUR]) {
      const { prune } = steps(() => {
        now += jump;
        return "next";
      });
      const clock = { now: () => now, elapsed: () => now, after };
      createPruner({ store: { prune }, retention: KEEP, clock, observe, onDeath() {} }).start();
      await settled();
    }
    expect(pauses).to.deep.equal([60_000, 5]);
  });

  it("ends the round when the store fails, reports it once, and begins again in an hour", async () => {
    let isAway = true;
    const { taken, prune } = steps(({ table }) => {
      if (isAway && table === "receipts") throw new CountersignError("store_unavailable", "it is away");
      return null;
    });
    start(prune);
    await clock.advance(HOUR / 2);
    expect(taken.map(({ table }) => table)).to.deep.equal(["events", "attempts", "receipts"]);
    expect(reported).to.deep.equal(["away"]);
    expect(pruner.isAlive()).to.equal(true);
    isAway = false;
    await clock.advance(HOUR);
    expect(taken.slice(3)).to.have.length(PRUNABLE.length);
    expect(reported).to.deep.equal(["away"]);
  });

  it("stops between two steps, at once and for good", async () => {
    const { taken, prune } = steps(() => "next");
    start(prune);
    await settled();
    expect(taken).to.have.length(1);
    await pruner.stop();
    expect(clock.timers).to.equal(0);
    await clock.advance(2 * HOUR);
    expect(taken).to.have.length(1);
  });

  it("waits for the step that is under way when it is stopped", async () => {
    const step = Promise.withResolvers<string>();
    const { taken, prune } = steps(() => step.promise);
    start(prune);
    await settled();
    let stopped = false;
    const stopping = pruner.stop().then(() => {
      stopped = true;
    });
    await settled();
    expect(stopped).to.equal(false);
    step.resolve("next");
    await stopping;
    expect(taken).to.have.length(1);
  });

  it("announces its death by an unexpected error, and takes no further step", async () => {
    start(async () => {
      throw new TypeError("broken");
    });
    await settled();
    expect(reported).to.deep.equal(["the process is to be restarted", "died: TypeError: broken"]);
    expect(pruner.isAlive()).to.equal(false);
    await clock.advance(2 * HOUR);
    expect(clock.timers).to.equal(0);
  });
});
