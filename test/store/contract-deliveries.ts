import { expect } from "chai";
import type { Outcome } from "../../src/domain/delivery.ts";
import { deliveryId } from "../../src/domain/identity.ts";
import { DELIVERY_GROUPS, type DeliveryCount, type DeliveryFilter } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, CRM, NEW_YEAR } from "../support/builders.ts";
import { nth } from "../support/only.ts";
import { type Contents, claim, contentsOf, settle } from "./filled.ts";
import { allOf, combinationsOf, expectRows, expectRowsInRange, expectSome, isWithin } from "./listing.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const minute = (n: number) => NEW_YEAR + n * MINUTE;
const ERP = { ...CRM, name: "erp", ordering: "none" as const };
const GONE = { ...CRM, name: "gone", ordering: "none" as const };

/** Lists and counts of deliveries, on each adapter. `open` returns an empty store. */
export function describeDeliveries(name: string, open: () => Promise<Store>): void {
  describe(`the deliveries of the ${name} store`, () => {
    let store: Store;
    let rows: Contents["deliveries"];
    let eventOf: (row: Contents["deliveries"][number]) => Contents["events"][number]["event"];
    before(async () => {
      store = await open();
      await fill(store);
      const { events, deliveries } = await contentsOf(store, 100);
      const byId = new Map(events.map(({ event }) => [event.id, event]));
      rows = deliveries;
      eventOf = ({ delivery }) => byId.get(delivery.event) ?? expect.fail("an event is missing");
    });
    after(() => store.close());

    const belongs = (row: Contents["deliveries"][number], filter: DeliveryFilter) => {
      const { delivery, history, recordedAt } = row;
      const { destination, status, reason, acknowledged, undelivered, cause, type, source } = filter;
      const isAcknowledged = row.acknowledgedAt != null;
      const ofThese = undelivered || status === "parked" || reason !== undefined;
      return (
        isWithin(recordedAt, filter) &&
        (destination === undefined || delivery.destination === destination) &&
        (status === undefined || delivery.status === status) &&
        (reason === undefined || delivery.reason === reason) &&
        (!undelivered || delivery.status !== "delivered") &&
        (acknowledged ? isAcknowledged && !undelivered : !isAcknowledged || !ofThese) &&
        (cause === undefined || history.at(-1)?.cause === cause) &&
        (type === undefined || eventOf(row).type === type) &&
        (source === undefined || eventOf(row).source === source)
      );
    };
    const listed = (row: Contents["deliveries"][number]) => ({
      id: deliveryId(row.delivery.event, row.delivery.destination),
      at: row.recordedAt,
    });

    for (const status of ["pending", "held", "delivered", "parked"] as const)
      it(`are listed by everything that can be asked for, alone and with ${status}`, async () => {
        const filters: Required<DeliveryFilter> = {
          ...{ status, destination: "crm", undelivered: true, reason: "gone", cause: "timeout" },
          ...{ type: "document.sent", source: "lumin", from: minute(2), until: minute(7) },
          acknowledged: true,
        };
        for (const filter of combinationsOf<DeliveryFilter>(filters)) {
          const message = JSON.stringify(filter);
          const expected = rows.filter((row) => belongs(row, filter)).map(listed);
          if (Object.keys(filter).length === 1) expectSome(expected, rows.map(listed), message);
          const isRanged = "from" in filter || "until" in filter;
          const check = isRanged ? expectRowsInRange : expectRows;
          await check(
            (page) => store.findDeliveries(filter, page),
            ({ id }) => id,
            expected,
            message,
          );
        }
      });

    it("are listed with their event, their last attempt, and what they wait for", async () => {
      const { items } = await store.findDeliveries({}, { limit: 100 });
      expect(items).to.have.length(rows.length);
      for (const [n, item] of items.entries()) {
        const row = nth(rows, n);
        const { type, source } = eventOf(row);
        const { recordedAt, delivery, history, token, acknowledgedAt } = row;
        const last = history.at(-1);
        const { startedAt, cause, status } = last ?? {};
        const first = rows.find(
          (one) => one.delivery.lane === delivery.lane && one.delivery.status === "pending",
        );
        expect(item).to.deep.equal({
          ...{ ...delivery, recordedAt, type, source, leased: token !== null, acknowledgedAt },
          lastAttempt: last ? { startedAt, cause, status } : null,
          waitsFor: delivery.status === "held" ? first?.delivery.event : null,
        });
        expect(await store.findDelivery(item.id)).to.deep.equal(item);
      }
      expect(items.filter(({ waitsFor }) => waitsFor !== null)).not.to.have.length(0);
      expect(items.filter(({ leased }) => leased)).to.have.length(1);
      expect(items.filter((one) => one.acknowledgedAt !== null)).to.have.length(2);
    });

    it("are counted by any of their parts, where they are open or parked", async () => {
      const undelivered = rows.filter(
        ({ delivery, acknowledgedAt }) => delivery.status !== "delivered" && acknowledgedAt === null,
      );
      const partsOf = (row: Contents["deliveries"][number]): DeliveryCount => ({
        ...row.delivery,
        ...{ cause: row.history.at(-1)?.cause ?? null, type: eventOf(row).type },
        ...{ count: 1, oldest: row.recordedAt, newest: row.recordedAt },
      });
      for (const groups of [
        ["destination", "cause"],
        ["status"],
        ["reason", "type"],
        DELIVERY_GROUPS,
      ] as const) {
        const keyOf = (one: DeliveryCount) => JSON.stringify(groups.map((group) => one[group]));
        const expected = Map.groupBy(undelivered.map(partsOf), keyOf);
        const { items, next, searched } = await store.countUndelivered(groups, {}, {});
        expect([next, searched]).to.deep.equal([null, null]);
        expect(items.map(keyOf)).to.have.members([...expected.keys()]);
        for (const { count, oldest, newest, ...key } of items) {
          const some = expected.get(keyOf({ ...key, count, oldest, newest })) ?? [];
          expect(Object.keys(key)).to.have.members([...groups]);
          expect(count).to.equal(some.length);
          expect(oldest).to.equal(Math.min(...some.map((one) => one.oldest)));
          expect(newest).to.equal(Math.max(...some.map((one) => one.newest)));
        }
        const counts = items.map(({ count }) => count);
        expect(counts).to.deep.equal(counts.toSorted((one, other) => other - one));
      }
    });

    it("are counted a few at a time, each once, when few rows are to be looked at", async () => {
      const { items: whole } = await store.countUndelivered(["destination", "status"], {}, {});
      const keyOf = (one: DeliveryCount) => `${one.destination} ${one.status}`;
      for (const rows of [1, 2, 7]) {
        const sums = new Map<string, number>();
        let pages = 0;
        for (let cursor: string | null | undefined; cursor !== null; pages += 1) {
          const page = await store.countUndelivered(["destination", "status"], {}, { cursor, rows });
          expect(page.items.reduce((sum, { count }) => sum + count, 0)).to.be.at.most(rows);
          for (const one of page.items) sums.set(keyOf(one), (sums.get(keyOf(one)) ?? 0) + one.count);
          cursor = page.next;
        }
        expect(pages).to.be.greaterThan(1);
        expect(Object.fromEntries(sums)).to.deep.equal(
          Object.fromEntries(whole.map((one) => [keyOf(one), one.count])),
        );
      }
    });

    it("are counted by the filters that lists have", async () => {
      const filters: Required<Omit<DeliveryFilter, "undelivered" | "acknowledged">> = {
        ...{ status: "parked", destination: "crm", reason: "gone", cause: "answered" },
        ...{ type: "document.sent", source: "lumin", from: minute(2), until: minute(7) },
      };
      for (const filter of combinationsOf<Omit<DeliveryFilter, "acknowledged">>({
        ...filters,
        undelivered: true,
      })) {
        const { items } = await store.countUndelivered(["destination"], filter, {});
        const expected = rows.filter((row) => belongs(row, { ...filter, undelivered: true }));
        const sum = items.reduce((total, { count }) => total + count, 0);
        expect(sum, JSON.stringify(filter)).to.equal(expected.length);
      }
    });

    it("are neither listed nor counted where nothing is open or parked", async () => {
      const empty = await open();
      for (const filter of [{ undelivered: true }, { status: "parked" }, { status: "held" }] as const)
        expect(await allOf((page) => empty.findDeliveries(filter, page), 10)).to.deep.equal([]);
      const counted = await empty.countUndelivered(["destination"], {}, {});
      expect(counted).to.deep.equal({ items: [], next: null, searched: null });
      await empty.close();
    });
  });
}

/**
 * Two events a minute of documents of two sources, to crm in order, and to erp and gone in none. Some are
 * delivered, some are parked, with different causes, and one is leased.
 */
async function fill(store: Store): Promise<void> {
  for (let n = 0; n < 9; n += 1) {
    const source = n % 3 === 0 ? "lumin" : "legalesign";
    const about = { source, document: aDocument(`d${n % 5}`), time: minute(n) };
    const drafts = (["document.created", "document.sent"] as const).map((type) => aDraft({ ...about, type }));
    const subscribers = n % 2 === 0 ? [CRM, ERP] : [CRM, GONE];
    const receipt = aReceipt({ source, receivedAt: minute(n) });
    await store.record(aRecordRequest(drafts, { receipt, subscribers }));
  }
  const parked: Outcome = { status: "parked", reason: "gone" };
  const pending: Outcome = { status: "pending", dueAt: minute(0) + 2 * HOUR };
  const silent = { cause: "timeout", status: null, answer: null } as const;
  await attempt(store, "crm", [[{ status: "delivered" }], [parked, { status: 410 }], [pending, silent]]);
  await attempt(store, "erp", [
    [parked, silent],
    [pending, { status: 503 }],
    [{ status: "delivered" }, silent],
  ]);
  await attempt(store, "gone", [[parked, { status: 410 }]]);
  await store.parkRemoved(["crm", "erp"], NEW_YEAR);
  await store.acknowledge({ destination: "gone", document: "d3" }, { limit: 10 }, minute(9));
  const again = { destination: "gone", status: "parked", document: "d1" } as const;
  await store.replay(again, { limit: 1 }, { now: minute(0) + HOUR, spacing: 0 });
  await claim(store, minute(0) + HOUR, { destination: "erp", limit: 1 });
}

/** Attempts as many deliveries that are due as there are results. */
async function attempt(
  store: Store,
  destination: string,
  results: readonly (readonly [Outcome, Parameters<typeof settle>[3]?])[],
): Promise<void> {
  const leases = await claim(store, minute(0) + HOUR, { destination, limit: results.length });
  for (const [n, [outcome, given]] of results.entries()) await settle(store, nth(leases, n), outcome, given);
}
