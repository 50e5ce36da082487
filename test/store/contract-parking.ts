import { expect } from "chai";
import type { KnownType } from "../../src/domain/event.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { anAttempt } from "./filled.ts";

const PAGE = { limit: 100 };
const LATER = NEW_YEAR + 60_000;

/** Deliveries that end without an attempt or are skipped, on each adapter. `open` returns an empty store. */
export function describeParking(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when deliveries are given up`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const record = (
      document: string,
      types: readonly KnownType[],
      ordering: "document" | "none" = "document",
    ) =>
      store.record(
        aRecordRequest(
          types.map((type) => aDraft({ type, document: aDocument(document) })),
          { subscribers: [{ ...CRM, ordering }] },
        ),
      );
    const claim = async (now = NEW_YEAR): Promise<Lease> =>
      only(await store.claim({ destination: "crm", limit: 1, now, until: now + 60_000 }));
    const all = async () => (await store.findDeliveries({}, PAGE)).items;
    const statuses = async () => (await all()).map(({ status }) => status);
    const idOf = async (nth: number) => (await all())[nth]?.id ?? expect.fail(`no delivery ${nth}`);

    it("parks an unsent delivery without counting an attempt, and frees its lane", async () => {
      await record("a", ["document.created", "document.sent"]);
      const { delivery, token } = await claim();
      const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
      const settlement = { delivery: delivery.id, token, attempt: null, outcome, at: NEW_YEAR };
      expect(await store.settle(settlement)).to.equal(true);
      expect(await store.settle(settlement)).to.equal(false);
      expect(await store.findDelivery(delivery.id)).to.include({ ...outcome, attempts: 0, dueAt: null });
      expect((await store.findEvent(delivery.event))?.deliveries[0]?.history).to.deep.equal([]);
      expect(await statuses()).to.deep.equal(["parked", "pending"]);
    });

    it("keeps the count of attempts when it parks a delivery without another", async () => {
      await record("a", ["document.created"]);
      const first = await claim();
      const pending = { status: "pending", dueAt: NEW_YEAR } as const;
      const { id } = first.delivery;
      await store.settle({
        token: first.token,
        attempt: anAttempt(),
        outcome: pending,
        at: NEW_YEAR,
      });
      const second = await claim();
      const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
      await store.settle({ token: second.token, attempt: null, outcome, at: NEW_YEAR });
      expect(await store.findDelivery(id)).to.include({ ...outcome, attempts: 1 });
    });

    it("skips a due delivery, and frees its lane", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("skipped");
      expect((await all())[0]).to.include({ status: "parked", reason: "skipped", dueAt: null });
      expect(await statuses()).to.deep.equal(["parked", "pending", "held"]);
      expect((await claim()).delivery.id).to.equal(await idOf(1));
    });

    it("skips a held delivery without moving the one that it waits for", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      expect(await store.skip(await idOf(1), NEW_YEAR)).to.equal("skipped");
      expect(await statuses()).to.deep.equal(["pending", "parked", "held"]);
    });

    it("skips a delivery without a lane", async () => {
      await record("a", ["document.created", "document.sent"], "none");
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("skipped");
      expect(await statuses()).to.deep.equal(["parked", "pending"]);
    });

    it("skips no leased delivery, and ignores its result once skipped after the lease", async () => {
      await record("a", ["document.created", "document.sent"]);
      const { delivery, token } = await claim();
      expect(await store.skip(delivery.id, NEW_YEAR)).to.equal("leased");
      expect(await statuses()).to.deep.equal(["pending", "held"]);
      expect(await store.skip(delivery.id, LATER)).to.equal("skipped");
      const late = {
        delivery: delivery.id,
        token,
        attempt: anAttempt(),
        outcome: { status: "delivered" } as const,
      };
      expect(await store.settle({ ...late, at: LATER })).to.equal(false);
      expect(await store.findDelivery(delivery.id)).to.include({ status: "parked", attempts: 0 });
      expect(await statuses()).to.deep.equal(["parked", "pending"]);
    });

    it("skips a delivery that waits for its next attempt", async () => {
      await record("a", ["document.created"]);
      const { delivery, token } = await claim();
      const outcome = { status: "pending", dueAt: LATER } as const;
      await store.settle({ token, attempt: anAttempt(), outcome, at: NEW_YEAR });
      expect(await store.skip(delivery.id, NEW_YEAR)).to.equal("skipped");
    });

    it("tells final and unknown deliveries apart when asked to skip them", async () => {
      await record("a", ["document.created"]);
      await store.skip(await idOf(0), NEW_YEAR);
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("final");
      expect(await store.skip("dlv_no", NEW_YEAR)).to.equal(null);
    });

    it("leases a skipped delivery again when it is replayed", async () => {
      await record("a", ["document.created"]);
      await store.skip(await idOf(0), NEW_YEAR);
      const filter = { destination: "crm", status: "parked" } as const;
      expect(await store.replay(filter, PAGE, { now: NEW_YEAR, spacing: 0 })).to.include({ replayed: 1 });
      expect((await claim()).delivery).to.include({ reason: null, replayedAfter: 0 });
    });

    it("finds the delivery that a held one waits for, and null for one that does not wait", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      await record("b", ["document.created"]);
      const [first] = await all();
      for (const nth of [1, 2]) {
        expect(first).to.deep.include(await store.findBlocking(await idOf(nth)));
        expect((await store.findDelivery(await idOf(nth)))?.waitsFor).to.equal(first?.event);
      }
      for (const id of [await idOf(0), await idOf(3), "dlv_no"])
        expect(await store.findBlocking(id), id).to.equal(null);
      expect((await store.findDelivery(await idOf(3)))?.waitsFor).to.equal(null);
    });

    it("finds the due delivery as what a replayed one and those behind it wait for", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      const { token } = await claim();
      const outcome = { status: "delivered" } as const;
      await store.settle({ token, attempt: anAttempt(), outcome, at: NEW_YEAR });
      await store.replay({ destination: "crm", status: "delivered" }, PAGE, { now: NEW_YEAR, spacing: 0 });
      expect(await statuses()).to.deep.equal(["held", "pending", "held"]);
      const [first, second, third] = await all();
      for (const nth of [0, 2]) expect(second).to.deep.include(await store.findBlocking(await idOf(nth)));
      for (const held of [first, third]) expect(held?.waitsFor).to.equal(second?.event);
      expect(await store.skip(await idOf(1), NEW_YEAR)).to.equal("skipped");
      expect((await store.findBlocking(await idOf(2)))?.id).to.equal(await idOf(0));
    });
  });
}
