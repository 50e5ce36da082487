import { expect } from "chai";
import type { KnownType } from "../../src/domain/event.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { anAttempt } from "./filled.ts";

const PAGE = { limit: 100 };
const LATER = NEW_YEAR + 60_000;

/** Deliveries that end without a try, or by a person's word, over every adapter: `open` gives an empty store. */
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
    const claim = async (now = NEW_YEAR): Promise<Lease> => {
      const [lease] = await store.claim({ destination: "crm", limit: 1, now, until: now + 60_000 });
      if (!lease) throw new Error("nothing is due");
      return lease;
    };
    const all = async () => (await store.findDeliveries({}, PAGE)).items;
    const statuses = async () => (await all()).map(({ status }) => status);
    const idOf = async (nth: number) => (await all())[nth]?.id ?? "";
    it("parks what was not sent without counting a try, and lets the next of the lane go", async () => {
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

    it("keeps the tries that a delivery has had when it is parked without another", async () => {
      await record("a", ["document.created"]);
      const first = await claim();
      const pending = { status: "pending", dueAt: NEW_YEAR } as const;
      const { id } = first.delivery;
      await store.settle({
        delivery: id,
        token: first.token,
        attempt: anAttempt(),
        outcome: pending,
        at: NEW_YEAR,
      });
      const second = await claim();
      const outcome = { status: "parked", reason: "unsupported_by_format" } as const;
      await store.settle({ delivery: id, token: second.token, attempt: null, outcome, at: NEW_YEAR });
      expect(await store.findDelivery(id)).to.include({ ...outcome, attempts: 1 });
    });

    it("skips what is due, and lets the next of the lane go, until the lane is empty", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("skipped");
      expect((await all())[0]).to.include({ status: "parked", reason: "skipped", dueAt: null });
      expect(await statuses()).to.deep.equal(["parked", "pending", "held"]);
      expect((await claim()).delivery.id).to.equal(await idOf(1));
    });

    it("skips one that is held without moving the one that it waits for", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      expect(await store.skip(await idOf(1), NEW_YEAR)).to.equal("skipped");
      expect(await statuses()).to.deep.equal(["pending", "parked", "held"]);
    });

    it("skips one that has no lane", async () => {
      await record("a", ["document.created", "document.sent"], "none");
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("skipped");
      expect(await statuses()).to.deep.equal(["parked", "pending"]);
    });

    it("skips nothing while it is out, and whose lease has ended loses its say", async () => {
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

    it("skips one that waits for its next try, though that is far away", async () => {
      await record("a", ["document.created"]);
      const { delivery, token } = await claim();
      const outcome = { status: "pending", dueAt: LATER } as const;
      await store.settle({ delivery: delivery.id, token, attempt: anAttempt(), outcome, at: NEW_YEAR });
      expect(await store.skip(delivery.id, NEW_YEAR)).to.equal("skipped");
    });

    it("has nothing to skip of what is final, and knows none that there is not", async () => {
      await record("a", ["document.created"]);
      await store.skip(await idOf(0), NEW_YEAR);
      expect(await store.skip(await idOf(0), NEW_YEAR)).to.equal("final");
      expect(await store.skip("dlv_no", NEW_YEAR)).to.equal(null);
    });

    it("sends what was skipped again when it is replayed", async () => {
      await record("a", ["document.created"]);
      await store.skip(await idOf(0), NEW_YEAR);
      const filter = { destination: "crm", status: "parked" } as const;
      expect(await store.replay(filter, PAGE, { now: NEW_YEAR, spacing: 0 })).to.include({ replayed: 1 });
      expect((await claim()).delivery).to.include({ reason: null, replayedAfter: 0 });
    });

    it("says which one a held delivery waits for, and nothing of one that waits for none", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      await record("b", ["document.created"]);
      const [first, second, third, other] = await all();
      expect(await store.findBlocking(third?.id ?? "")).to.deep.equal(first);
      expect(await store.findBlocking(second?.id ?? "")).to.deep.equal(first);
      for (const id of [first?.id, other?.id, "dlv_no"])
        expect(await store.findBlocking(id ?? ""), id).to.equal(null);
    });

    it("says of one that is sent again, and of what is behind it, that it waits for the one that is out", async () => {
      await record("a", ["document.created", "document.sent", "document.completed"]);
      const { delivery, token } = await claim();
      const outcome = { status: "delivered" } as const;
      await store.settle({ delivery: delivery.id, token, attempt: anAttempt(), outcome, at: NEW_YEAR });
      await store.replay({ destination: "crm", status: "delivered" }, PAGE, { now: NEW_YEAR, spacing: 0 });
      const [first, second, third] = await all();
      expect([first?.status, second?.status, third?.status]).to.deep.equal(["held", "pending", "held"]);
      for (const waiting of [first, third])
        expect(await store.findBlocking(waiting?.id ?? "")).to.deep.equal(second);
      expect(await store.skip(second?.id ?? "", NEW_YEAR)).to.equal("skipped");
      expect((await store.findBlocking(third?.id ?? ""))?.id).to.equal(first?.id);
    });
  });
}
