import { expect } from "chai";
import type { Outcome } from "../../src/domain/delivery.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { DeliveryTally } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, contentsOf, fillStore, pruneAll, restoreAll, settle } from "./filled.ts";

const HOUR = 3_600_000;
const PAGE = { limit: 100 };
const ALL = { from: 0 };

/** The counts of a `latency` list, each under the bound of its bucket. */
const BUCKETS = [10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, "more"] as const;
const latencyOf = (tally: DeliveryTally | undefined) =>
  Object.fromEntries(BUCKETS.flatMap((bound, n) => (tally?.latency[n] ? [[bound, tally.latency[n]]] : [])));

/** Counts by hour, on each adapter. `open` returns an empty store. */
export function describeTallies(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when it counts by hour`, () => {
    const opened: Store[] = [];
    const openOne = async () => {
      const store = await open();
      opened.push(store);
      return store;
    };
    let store: Store;
    beforeEach(async () => {
      store = await openOne();
    });
    afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

    const post = (document: string, receipt: Partial<Receipt> = {}) =>
      aRecordRequest([aDraft({ document: aDocument(document) })], { receipt: aReceipt(receipt) });
    const refuse = (n: number, receivedAt: number) => {
      const came = { source: "lumin", channel: "account", receivedAt, query: "", headers: {} };
      const shown = { token: null, authorization: null };
      return store.reject({ id: `rej_${n}`, ...came, body: null, reason: "no", shown }, 1);
    };
    const requests = async () => (await store.tallies(ALL)).requests;
    const deliveries = async () => (await store.tallies(ALL)).deliveries;
    const claimOne = async (now = NEW_YEAR) => only(await claim(store, now, { limit: 1 }));

    describe("the way in", () => {
      it("counts requests by channel and by what became of them, with the newest of each", async () => {
        const problems = [{ kind: "undecodable" as const, item: null, field: null, message: "no JSON" }];
        await store.record(post("a", { receivedAt: NEW_YEAR + 1 }));
        await store.record(post("b", { receivedAt: NEW_YEAR + 9 }));
        await store.record(post("c", { receivedAt: NEW_YEAR + 5 }));
        await store.record(post("a", { receivedAt: NEW_YEAR + 6 }));
        await store.record(post("d", { receivedAt: NEW_YEAR + 7, channel: "upon" }));
        await store.record(aRecordRequest([], { receipt: aReceipt({ problems }) }));
        const of = { hour: NEW_YEAR, source: "legalesign", channel: "batch" };
        expect(await store.tallies(ALL)).to.deep.equal({
          requests: [
            { ...of, outcome: "accepted", count: 3, newest: NEW_YEAR + 9 },
            { ...of, outcome: "duplicate", count: 1, newest: NEW_YEAR + 6 },
            { ...of, outcome: "problem", count: 1, newest: NEW_YEAR },
            { ...of, channel: "upon", outcome: "accepted", count: 1, newest: NEW_YEAR + 7 },
          ],
          deliveries: [],
        });
      });

      it("counts requests in the hour in which they came, whenever they are recorded", async () => {
        for (const after of [2 * HOUR, HOUR - 1, HOUR, 0])
          await store.record(post(`d${after}`, { receivedAt: NEW_YEAR + after }));
        const hours = (await requests()).map(({ hour, count }) => [(hour - NEW_YEAR) / HOUR, count]);
        expect(hours).to.deep.equal([
          [0, 2],
          [1, 1],
          [2, 1],
        ]);
      });

      it("counts refused requests, also those that are not kept any more", async () => {
        for (const n of [1, 2, 3]) await refuse(n, NEW_YEAR + n);
        expect((await store.listRejections({}, PAGE)).items).to.have.length(1);
        await store.dropRejection("rej_3");
        const of = { hour: NEW_YEAR, source: "lumin", channel: "account" };
        expect(await requests()).to.deep.equal([
          { ...of, outcome: "refused", count: 3, newest: NEW_YEAR + 3 },
        ]);
      });

      it("counts each of many requests at the same instant", async () => {
        await Promise.all(Array.from({ length: 300 }, (_, n) => store.record(post(`d${n}`))));
        expect(only(await requests())).to.include({ outcome: "accepted", count: 300 });
      });

      it("counts nothing of a request whose `resolve` throws, and once each of those beside it", async () => {
        const resolve = () => {
          throw new TypeError("broken");
        };
        await Promise.allSettled([
          store.record(post("a")),
          store.record({ ...post("b"), resolve }),
          store.record(post("c")),
          refuse(1, NEW_YEAR),
        ]);
        expect((await requests()).map(({ outcome, count }) => [outcome, count])).to.deep.equal([
          ["accepted", 2],
          ["refused", 1],
        ]);
      });

      it("counts a request once that is amended", async () => {
        const request = post("a");
        await store.record(request);
        const before = await store.tallies(ALL);
        const problems = [{ kind: "unmapped" as const, item: 0, field: null, message: "a word" }];
        const drafts = [aDraft(), aDraft({ document: aDocument("b") })];
        await store.amend(aRecordRequest(drafts, { receipt: { ...request.receipt, problems } }));
        expect(await store.tallies(ALL)).to.deep.equal(before);
      });
    });

    describe("the way out", () => {
      const attempted = async (document: string, outcome: Outcome, startedAt: number, duration: number) => {
        await store.record(post(document));
        await settle(store, await claimOne(), outcome, { startedAt, duration });
      };

      it("counts attempts by what became of the delivery, with latency and the newest of each", async () => {
        const later = { status: "pending", dueAt: NEW_YEAR + 9 * HOUR } as const;
        await attempted("a", { status: "delivered" }, NEW_YEAR + 500, 40);
        await attempted("b", { status: "delivered" }, NEW_YEAR + 100, 40_000);
        await attempted("c", { status: "delivered" }, NEW_YEAR, 50);
        await attempted("d", later, NEW_YEAR + 2, 800);
        await attempted("e", { status: "parked", reason: "gone" }, NEW_YEAR + 3, 3);
        const tallies = await deliveries();
        const of = { hour: NEW_YEAR, destination: "crm" };
        expect(tallies.map(({ latency: _, ...rest }) => rest)).to.deep.equal([
          { ...of, outcome: "delivered", count: 3, newest: NEW_YEAR + 40_100 },
          { ...of, outcome: "failed", count: 1, newest: NEW_YEAR + 802 },
          { ...of, outcome: "parked", count: 1, newest: NEW_YEAR + 6 },
        ]);
        expect(tallies.map(latencyOf)).to.deep.equal([{ 50: 2, more: 1 }, { 1000: 1 }, { 10: 1 }]);
      });

      it("counts an attempt in the hour in which it ended", async () => {
        for (const [document, startedAt] of [
          ["a", NEW_YEAR],
          ["b", NEW_YEAR + HOUR - 12],
        ] as const)
          await attempted(document, { status: "delivered" }, startedAt, 12);
        const hours = (await deliveries()).map(({ hour, count }) => [(hour - NEW_YEAR) / HOUR, count]);
        expect(hours).to.deep.equal([
          [0, 1],
          [1, 1],
        ]);
      });

      it("counts nothing of a settlement whose lease is over", async () => {
        await store.record(post("a"));
        const lease = await claimOne();
        const newer = await claimOne(NEW_YEAR + HOUR);
        expect(await settle(store, lease)).to.equal(false);
        expect(await settle(store, newer)).to.equal(true);
        expect(await settle(store, newer)).to.equal(false);
        expect(only(await deliveries())).to.include({ outcome: "delivered", count: 1 });
      });

      it("counts each of many settlements at the same instant", async () => {
        const subscribers = [{ ...CRM, ordering: "none" as const }];
        const drafts = Array.from({ length: 150 }, (_, n) => aDraft({ document: aDocument(`d${n}`) }));
        await store.record(aRecordRequest(drafts, { subscribers }));
        const leases = await claim(store, NEW_YEAR, { limit: 150 });
        await Promise.all(leases.map((lease) => settle(store, lease)));
        const tally = only(await deliveries());
        expect([tally.count, latencyOf(tally)]).to.deep.equal([150, { 50: 150 }]);
      });

      it("counts deliveries that are parked without an attempt, and no latency", async () => {
        const subscribers = [CRM, { ...CRM, name: "old" }, { ...CRM, name: "older" }];
        for (const document of ["a", "b", "c"])
          await store.record(aRecordRequest([aDraft({ document: aDocument(document) })], { subscribers }));
        const { token } = await claimOne();
        const unsupported = { status: "parked", reason: "unsupported_by_format" } as const;
        await store.settle({ token, attempt: null, outcome: unsupported, at: NEW_YEAR + 1 });
        const { items } = await store.findDeliveries({ destination: "crm", status: "pending" }, PAGE);
        expect(await store.skip(items[0]?.id ?? expect.fail("none"), NEW_YEAR + 2)).to.equal("skipped");
        expect(await store.skip(items[0]?.id ?? expect.fail("none"), NEW_YEAR + 3)).to.equal("final");
        await settle(store, only(await claim(store, NEW_YEAR, { destination: "old", limit: 1 })));
        expect(await store.parkRemoved(["crm"], NEW_YEAR + HOUR)).to.equal(5);
        expect(await store.parkRemoved(["crm"], NEW_YEAR + HOUR)).to.equal(0);
        const found = (await deliveries()).map((tally) => {
          const { destination, outcome, count, newest } = tally;
          return [destination, outcome, count, newest - NEW_YEAR, latencyOf(tally)];
        });
        expect(found).to.deep.equal([
          ["crm", "parked", 2, 2, {}],
          ["old", "delivered", 1, 12, { 50: 1 }],
          ["old", "parked", 2, HOUR, {}],
          ["older", "parked", 3, HOUR, {}],
        ]);
      });
    });

    it("returns the hours that overlap a span", async () => {
      for (const after of [0, HOUR, 2 * HOUR])
        await store.record(post(`d${after}`, { receivedAt: NEW_YEAR + after }));
      const hours = async (from: number, until?: number) =>
        (await store.tallies({ from: NEW_YEAR + from, until: until && NEW_YEAR + until })).requests.map(
          ({ hour }) => (hour - NEW_YEAR) / HOUR,
        );
      expect(await hours(0)).to.deep.equal([0, 1, 2]);
      expect(await hours(HOUR)).to.deep.equal([1, 2]);
      expect(await hours(2 * HOUR - 1)).to.deep.equal([1, 2]);
      expect(await hours(HOUR, 2 * HOUR)).to.deep.equal([1]);
      expect(await hours(HOUR, 2 * HOUR + 1)).to.deep.equal([1, 2]);
      expect(await hours(3 * HOUR)).to.deep.equal([]);
    });

    it("returns all of more hours than it reads at a time", async () => {
      const hours = Array.from({ length: 5_001 }, (_, n) => NEW_YEAR + n * HOUR);
      const of = { source: "", channel: "", destination: "crm", outcome: "parked" as const, bucket: 0 };
      await store.restore(
        "tallies",
        hours.map((hour) => ({ hour, ...of, count: 2, newest: hour })),
      );
      expect((await deliveries()).map(({ hour }) => hour)).to.deep.equal(hours);
    });

    describe("and is moved", () => {
      it("counts nothing of restored rows, and goes on from restored tallies", async () => {
        await fillStore(store);
        const contents = await contentsOf(store);
        const other = await openOne();
        await restoreAll(other, { ...contents, tallies: [] });
        expect(await other.tallies(ALL)).to.deep.equal({ requests: [], deliveries: [] });
        await restoreAll(other, contents);
        expect(await other.tallies(ALL)).to.deep.equal(await store.tallies(ALL));

        const countOf = async ({ tallies }: Store) =>
          (await tallies({ from: NEW_YEAR })).requests.find(
            ({ channel, outcome }) => channel === "batch" && outcome === "accepted",
          )?.count;
        await other.record(post("new"));
        expect(await countOf(other)).to.equal(((await countOf(store)) ?? 0) + 1);
      });

      it("adds tallies to rows without any, as an earlier version exported them", async () => {
        await fillStore(store);
        const other = await openOne();
        await restoreAll(other, { ...(await contentsOf(store)), tallies: [] });
        await other.record(post("new"));
        expect(only((await other.tallies(ALL)).requests)).to.include({ count: 1 });
      });
    });

    describe("and is pruned", () => {
      it("removes tallies once their hour has ended before that moment", async () => {
        for (const after of [0, HOUR, 2 * HOUR])
          await store.record(post(`d${after}`, { receivedAt: NEW_YEAR + after }));
        expect(await pruneAll(store, "tallies", NEW_YEAR + 2 * HOUR - 1)).to.equal(1);
        expect((await requests()).map(({ hour }) => (hour - NEW_YEAR) / HOUR)).to.deep.equal([1, 2]);
        expect(await pruneAll(store, "tallies", NEW_YEAR + 2 * HOUR)).to.equal(1);
      });

      it("takes no more tallies in a step than the limit, the oldest first", async () => {
        for (const n of [4, 0, 2, 1, 3]) await store.record(post(`d${n}`, { receivedAt: n * HOUR }));
        const step = await store.prune({ table: "tallies", before: NEW_YEAR, limit: 2 });
        expect(step.pruned).to.equal(2);
        expect((await requests()).map(({ hour }) => hour / HOUR)).to.deep.equal([2, 3, 4]);
        expect(await pruneAll(store, "tallies", NEW_YEAR)).to.equal(3);
        expect(await requests()).to.deep.equal([]);
      });

      it("keeps the tallies of rows that are pruned", async () => {
        await fillStore(store);
        const before = await store.tallies(ALL);
        for (const table of ["events", "attempts", "receipts", "rejections"] as const)
          await pruneAll(store, table, NEW_YEAR + HOUR);
        expect(await store.tallies(ALL)).to.deep.equal(before);
      });
    });
  });
}
