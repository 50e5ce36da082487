import { expect } from "chai";
import type { Outcome } from "../../src/domain/delivery.ts";
import { batchDueAt, type Subscriber } from "../../src/domain/destination.ts";
import type { KnownType } from "../../src/domain/event.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { nth, only } from "../support/only.ts";
import { anAttempt } from "./filled.ts";

const PERIOD = 360_000;
const PERIOD_END = NEW_YEAR + PERIOD;
const END = batchDueAt(NEW_YEAR, PERIOD);
const NEXT_END = END + PERIOD;
const BATCHED: Subscriber = { ...CRM, batch: PERIOD };
const FAILED = { status: "pending", dueAt: END + 5_000 } as const satisfies Outcome;
const TYPES: readonly KnownType[] = ["document.created", "document.sent", "document.completed"];

/** Deliveries that go together in one post, on each adapter. `open` returns an empty store. */
export function describeBatches(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when deliveries go in batches`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** Events of a document, received at one moment. */
    const record = (document: string, receivedAt = NEW_YEAR, types = TYPES, subscriber = BATCHED) =>
      store.record(
        aRecordRequest(
          types.map((type) => aDraft({ type, document: aDocument(document) })),
          { receipt: aReceipt({ receivedAt }), subscribers: [subscriber] },
        ),
      );
    const claimAll = (now: number, limit = 1_000) =>
      store.claim({
        destination: "crm",
        limit: 10,
        now,
        until: now + 60_000,
        batch: { period: PERIOD, limit },
      });
    const claim = async (now = END, limit = 1_000) => only(await claimAll(now, limit));
    /** Settles the lease with the first `count` of its followers. */
    const settle = (
      lease: Lease,
      outcome: Outcome = { status: "delivered" },
      count = Number.POSITIVE_INFINITY,
    ) =>
      store.settle({
        token: lease.token,
        attempt: anAttempt({ number: lease.delivery.attempts + 1, startedAt: END }),
        outcome,
        followers: (lease.followers ?? []).slice(0, count).map(({ token }) => token),
        at: END,
      });
    const eventsOf = ({ event, followers = [] }: Lease) =>
      [event, ...followers.map((one) => one.event)].map((one) => `${one.document?.id} ${one.type}`);
    const all = async () => (await store.findDeliveries({}, { limit: 100 })).items;
    const statuses = async () => (await all()).map(({ status }) => status);
    const allOf = (document: string) => TYPES.map((type) => `${document} ${type}`);

    it("leases what was recorded in a period together, in the order recorded, once the period is over", async () => {
      await record("b");
      await record("a", PERIOD_END - 1);
      await record("c", PERIOD_END);
      expect(await claimAll(END - 1)).to.deep.equal([]);
      const lease = await claim();
      expect(eventsOf(lease)).to.deep.equal([...allOf("b"), ...allOf("a")]);
      expect(await claimAll(END + 59_999)).to.deep.equal([]);
      expect(await settle(lease)).to.equal(true);
      expect((await all()).filter(({ status }) => status === "delivered")).to.have.length(6);
      expect(await store.nextDueAt("crm")).to.equal(NEXT_END);
      expect(eventsOf(await claim(NEXT_END))).to.deep.equal(allOf("c"));
    });

    it("gives a result to all of the post: attempt, status and due time", async () => {
      await record("a");
      expect(await settle(await claim(), FAILED)).to.equal(true);
      expect(await statuses()).to.deep.equal(["pending", "held", "held"]);
      for (const { id, event } of await all()) {
        expect(await store.findDelivery(id)).to.include({ attempts: 1, dueAt: FAILED.dueAt });
        expect(only((await store.findEvent(event))?.deliveries ?? []).history).to.have.length(1);
      }
      await settle(await claim(FAILED.dueAt), { status: "parked", reason: "schedule_exhausted" });
      expect((await all()).map(({ reason, attempts }) => [reason, attempts])).to.deep.equal(
        Array(3).fill(["schedule_exhausted", 2]),
      );
      expect(await store.backlog()).to.deep.equal([]);
    });

    it("leases a batch that failed again as it was, without what was recorded since", async () => {
      await record("a");
      const first = await claim();
      await settle(first, FAILED);
      await record("b");
      await record("c", PERIOD_END);
      const second = await claim(NEXT_END);
      expect(eventsOf(second)).to.deep.equal(eventsOf(first));
      await settle(second);
      expect(eventsOf(await claim(NEXT_END))).to.deep.equal(allOf("b"));
    });

    it("leases it again as it was after a lease that nobody settled, or that was released", async () => {
      await record("a");
      const first = await claim();
      const expired = await claim(END + 60_000);
      expect(eventsOf(expired)).to.deep.equal(eventsOf(first));
      expect(await settle(first)).to.equal(false);
      expect(await statuses()).to.deep.equal(["pending", "held", "held"]);
      await store.release([expired], END);
      expect(eventsOf(await claim())).to.deep.equal(eventsOf(first));
    });

    it("closes a batch at its first claim: what is recorded of its period after that goes in the next", async () => {
      for (const [document, result] of [
        ["alone", "expired"],
        ["d1", "released"],
        ["d2", "failed"],
      ] as const) {
        const types = document === "alone" ? TYPES.slice(0, 1) : TYPES;
        await record(document, NEW_YEAR, types);
        const first = await claim();
        await record(`after ${document}`);
        if (result === "released") await store.release([first], END);
        if (result === "failed") await settle(first, FAILED);
        const again = await claim(END + 60_000);
        expect(eventsOf(again), result).to.deep.equal(eventsOf(first));
        await settle(again);
        const next = await claim();
        expect(eventsOf(next), result).to.deep.equal(allOf(`after ${document}`));
        await settle(next);
      }
    });

    it("leases no more than the limit, and the rest of the period after it", async () => {
      await record("a");
      await record("b");
      const first = await claim(END, 4);
      expect(eventsOf(first)).to.deep.equal([...allOf("a"), "b document.created"]);
      await settle(first);
      expect(eventsOf(await claim())).to.deep.equal(allOf("b").slice(1));
    });

    it("settles the followers that were in the post, and makes the next one pending", async () => {
      await record("a");
      await settle(await claim(), { status: "delivered" }, 1);
      expect(await statuses()).to.deep.equal(["delivered", "delivered", "pending"]);
    });

    it("leaves a follower alone that was skipped during the attempt", async () => {
      await record("a");
      const lease = await claim();
      expect(await store.skip(nth(await all(), 1).id, END)).to.equal("skipped");
      await settle(lease);
      expect(await statuses()).to.deep.equal(["delivered", "parked", "delivered"]);
      expect(await store.backlog()).to.deep.equal([]);
    });

    it("settles no row but those behind the lease, whatever tokens it is given", async () => {
      await record("a", NEW_YEAR, ["document.sent"]);
      await record("x", NEW_YEAR, TYPES, { ...CRM, name: "other" });
      const lease = await claim();
      const others = (await all()).filter(({ destination }) => destination === "other");
      const followers = others.map((_, n) => `${n + 2}.`);
      await store.settle({
        token: lease.token,
        attempt: null,
        outcome: { status: "delivered" },
        followers,
        at: END,
      });
      expect((await all()).filter(({ status }) => status === "delivered")).to.have.length(1);
    });

    it("counts every delivery of the post in the tallies", async () => {
      await record("a");
      await settle(await claim());
      const { deliveries } = await store.tallies({ from: 0 });
      expect(deliveries.map(({ outcome, count }) => [outcome, count])).to.deep.equal([["delivered", 3]]);
    });

    it("replays a batch as one", async () => {
      await record("a");
      await settle(await claim());
      const filter = { destination: "crm", status: "all" } as const;
      await store.replay(filter, { limit: 100 }, { now: NEXT_END, spacing: 0 });
      const lease = await claim(NEXT_END);
      expect(eventsOf(lease)).to.deep.equal(allOf("a"));
      expect(lease.delivery.replayedAfter).to.equal(1);
    });
  });
}
