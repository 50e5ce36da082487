import { expect } from "chai";
import type { Outcome, ParkReason } from "../../src/domain/delivery.ts";
import type { AcknowledgeFilter } from "../../src/store/port/control.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, contentsOf, settle } from "./filled.ts";

const PAGE = { limit: 100 };
const AT = NEW_YEAR + 60_000;
const FREE = { ...CRM, ordering: "none" as const };

/** Acknowledging parked deliveries, on each adapter. `open` returns an empty store. */
export function describeAcknowledging(name: string, open: () => Promise<Store>): void {
  describe(`acknowledging in the ${name} store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** Of documents d0, d1 … to each of the destinations. Returns their ids. */
    async function park(
      count: number,
      destinations = ["crm"],
      reason: ParkReason = "gone",
    ): Promise<string[]> {
      const outcome: Outcome = { status: "parked", reason };
      const subscribers = destinations.map((one) => ({ ...FREE, name: one }));
      for (let n = 0; n < count; n += 1) {
        const draft = aDraft({
          document: aDocument(`d${n}`),
          type: n % 2 ? "document.sent" : "document.created",
        });
        const receipt = aReceipt({ receivedAt: NEW_YEAR + n });
        await store.record(aRecordRequest([draft], { subscribers, receipt }));
      }
      const ids: string[] = [];
      for (const destination of destinations)
        for (const lease of await claim(store, AT, { destination })) {
          await settle(store, lease, outcome);
          ids.push(lease.delivery.id);
        }
      return ids;
    }

    const idsOf = async (filter: Parameters<Store["findDeliveries"]>[0]) =>
      (await store.findDeliveries(filter, PAGE)).items.map(({ id }) => id);

    it("takes a delivery from what is parked and undelivered, and keeps it in the record", async () => {
      const [first = "", second = ""] = await park(2);
      expect(await store.acknowledgeOne(first, AT)).to.equal("acknowledged");
      for (const filter of [{ undelivered: true }, { status: "parked" }, { reason: "gone" }] as const)
        expect(await idsOf({ ...filter, destination: "crm" })).to.deep.equal([second]);
      const { items } = await store.countUndelivered(["destination"], {}, {});
      expect(items.map(({ count }) => count)).to.deep.equal([1]);
      expect(await idsOf({ acknowledged: true })).to.deep.equal([first]);
      expect(await idsOf({})).to.deep.equal([first, second]);
      expect(await store.findDelivery(first)).to.include({
        status: "parked",
        reason: "gone",
        acknowledgedAt: AT,
      });
      const { event } = (await store.findDelivery(first)) ?? expect.fail("it is gone");
      expect(only((await store.findEvent(event))?.deliveries ?? [])).to.include({ acknowledgedAt: AT });
    });

    it("says what there is of a delivery that cannot be acknowledged", async () => {
      const [parked = ""] = await park(1);
      await store.record(aRecordRequest([aDraft({ document: aDocument("open") })]));
      const lease = only(await claim(store, AT));
      expect(await store.acknowledgeOne(lease.delivery.id, AT)).to.equal("open");
      await settle(store, lease);
      expect(await store.acknowledgeOne(lease.delivery.id, AT)).to.equal("open");
      expect(await store.acknowledgeOne("dlv_no", AT)).to.equal(null);
      await store.acknowledgeOne(parked, AT);
      expect(await store.acknowledgeOne(parked, AT + 1)).to.equal("done");
      expect(await store.findDelivery(parked)).to.include({ acknowledgedAt: AT });
    });

    it("selects by destination, time, type, document and reason, and counts the same", async () => {
      const filters: readonly [Partial<AcknowledgeFilter>, count: number][] = [
        [{ document: "d9" }, 0],
        [{ type: "document.completed" }, 0],
        [{ reason: "rejected" }, 0],
        [{ cause: "timeout" }, 0],
        [{ since: NEW_YEAR + 6 }, 0],
        [{ destination: "other" }, 0],
        [{ document: "d1" }, 1],
        [{ type: "document.created" }, 3],
        [{ since: NEW_YEAR + 4 }, 1],
        [{ reason: "gone", cause: "answered" }, 1],
        [{}, 0],
      ];
      await park(6, ["crm", "erp"]);
      for (const [filter, count] of filters) {
        const whole = { destination: "crm", ...filter };
        expect(await store.countAcknowledge(whole), JSON.stringify(filter)).to.equal(count);
        const result = await store.acknowledge(whole, PAGE, AT);
        expect(result, JSON.stringify(filter)).to.deep.equal({ acknowledged: count, next: null });
      }
      expect(await idsOf({ status: "parked", destination: "erp" })).to.have.length(6);
    });

    it("goes page by page through all that match", async () => {
      await park(5);
      let cursor: string | undefined;
      const counts: number[] = [];
      do {
        const page = await store.acknowledge({ destination: "crm" }, { limit: 2, cursor }, AT);
        counts.push(page.acknowledged);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(counts).to.deep.equal([2, 2, 1]);
    });

    it("replays by reason and cause, too, and counts the same", async () => {
      await park(2);
      const due = { now: AT, spacing: 0 };
      const filters = [
        [{ reason: "rejected" }, 0],
        [{ cause: "timeout" }, 0],
        [{ reason: "gone", cause: "answered" }, 2],
      ] as const;
      for (const [filter, count] of filters) {
        const whole = { destination: "crm", status: "parked", ...filter } as const;
        expect(await store.countReplay(whole), JSON.stringify(filter)).to.equal(count);
        expect((await store.replay(whole, PAGE, due)).replayed, JSON.stringify(filter)).to.equal(count);
      }
    });

    it("leaves acknowledged deliveries out of a replay of parked ones, and ends with one of all", async () => {
      const [first = ""] = await park(2);
      await store.acknowledgeOne(first, AT);
      const due = { now: AT, spacing: 0 };
      const parked = { destination: "crm", status: "parked" } as const;
      expect(await store.countReplay(parked)).to.equal(1);
      expect((await store.replay(parked, PAGE, due)).replayed).to.equal(1);
      expect((await store.replay({ ...parked, status: "all" }, PAGE, due)).replayed).to.equal(1);
      expect(await store.findDelivery(first)).to.include({ status: "pending", acknowledgedAt: null });
      const { deliveries } = await contentsOf(store);
      expect(deliveries.map((row) => row.acknowledgedAt)).to.deep.equal([null, null]);
    });
  });
}
