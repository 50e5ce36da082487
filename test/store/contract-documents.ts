import { expect } from "chai";
import type { KnownType } from "../../src/domain/event.ts";
import type { DocumentFilter, DocumentRequest, ListedDocument } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, settle } from "./filled.ts";
import { allOf, combinationsOf, expectRows, isWithin } from "./listing.ts";

const MINUTE = 60_000;
const minute = (n: number) => NEW_YEAR + n * MINUTE;
const PARKED = { status: "parked", reason: "gone" } as const;

/** When each document was first reported, and when last; two have the same time. */
const REPORTS: readonly { id: string; source: string; first: number; last: number }[] = [
  { id: "a", source: "lumin", first: 1, last: 9 },
  { id: "b", source: "legalesign", first: 2, last: 2 },
  { id: "c", source: "lumin", first: 3, last: 7 },
  { id: "d", source: "legalesign", first: 4, last: 7 },
  { id: "e", source: "lumin", first: 5, last: 5 },
  { id: "f", source: "legalesign", first: 6, last: 8 },
];

/** Lists of documents by their last reports, and how far each is, on each adapter. */
export function describeDocuments(name: string, open: () => Promise<Store>): void {
  describe(`documents in the ${name} store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    async function report(id: string, at: number, type: KnownType, source = "lumin"): Promise<void> {
      const draft = aDraft({
        source,
        type,
        time: minute(at),
        document: { ...aDocument(id), title: "A lease" },
      });
      const receipt = aReceipt({ source, receivedAt: minute(at) });
      await store.record(aRecordRequest([draft], { receipt }));
    }

    async function fill(): Promise<void> {
      for (const { id, source, first } of REPORTS) await report(id, first, "document.sent", source);
      for (const { id, source, first, last } of REPORTS)
        if (last > first) await report(id, last, "document.completed", source);
    }

    it("are in the order of their last reports, with and without filters, on pages of any length", async () => {
      await fill();
      const filters: Required<Pick<DocumentFilter, "source" | "status" | "from" | "until" | "undelivered">> =
        {
          ...{ source: "lumin", status: "completed", undelivered: "open" },
          ...{ from: minute(5), until: minute(9) },
        };
      const byReport = REPORTS.toSorted((one, other) => one.last - other.last);
      for (const filter of combinationsOf<typeof filters>(filters)) {
        const rows = byReport
          .map(({ id, source, first, last }) => ({ id, source, at: minute(last), isOver: last > first }))
          .filter(({ source }) => filter.source === undefined || source === filter.source)
          .filter(({ isOver }) => filter.status === undefined || isOver)
          .filter(({ at }) => isWithin(at, filter));
        await expectRows<ListedDocument>(
          (page) => store.findDocuments(filter, { ...page, sort: "last_report" }),
          ({ id }) => id,
          rows,
          JSON.stringify(filter),
        );
      }
    });

    it("are found by a text in the order of their last reports, but the one whose id it is comes first", async () => {
      await fill();
      const find = (search: string) =>
        allOf((page) => store.findDocuments({ search }, { ...page, sort: "last_report" }), 2, "newest");
      const found = async (search: string) => (await find(search)).map(({ id }) => id);
      expect(await found("b")).to.deep.equal(["b"]);
      expect(await found("LEASE")).to.deep.equal(["a", "f", "d", "c", "e", "b"]);
      expect(await found("e")).to.deep.equal(["e", "a", "f", "d", "c", "b"]);
    });

    it("move to the front with the next report, and stay where they are otherwise", async () => {
      await fill();
      const first = async (page: DocumentRequest) =>
        (await store.findDocuments({}, { order: "newest", ...page })).items.map(({ id }) => id);
      await report("b", 12, "document.completed", "legalesign");
      expect(await first({ limit: 2, sort: "last_report" })).to.deep.equal(["b", "a"]);
      await report("e", 3, "document.created");
      expect(await first({ limit: 6, sort: "last_report" })).to.deep.equal(["b", "a", "f", "d", "c", "e"]);
      expect(await first({ limit: 6 })).to.deep.equal(["f", "e", "d", "c", "b", "a"]);
    });

    it("take no cursor of the list in the other order", async () => {
      await fill();
      const refusal = (page: DocumentRequest) =>
        store.findDocuments({}, page).then(
          () => expect.fail("the cursor was taken"),
          ({ code, message }) => `${code}: ${message}`,
        );
      const { next: byFirst } = await store.findDocuments({}, { limit: 1 });
      const { next: byLast } = await store.findDocuments({}, { limit: 1, sort: "last_report" });
      const cursor = (next: string | null) => next ?? expect.fail("there is no next page");
      expect(await refusal({ limit: 1, cursor: cursor(byFirst), sort: "last_report" })).to.match(
        /^bad_request: cursor: belongs to a list in another order/,
      );
      expect(await refusal({ limit: 1, cursor: cursor(byLast) })).to.match(/^bad_request: cursor: belongs/);
    });

    it("tell their last event and what is open and parked, and are found by it", async () => {
      for (const id of ["delivered", "parked", "acknowledged", "both"]) await report(id, 1, "document.sent");
      for (const lease of await claim(store, minute(2)))
        await settle(store, lease, lease.event.document?.id === "delivered" ? undefined : PARKED);
      const known = (await store.findDeliveries({ status: "parked" }, { limit: 100 })).items;
      for (const { id, event } of known)
        if ((await store.findEvent(event))?.event.document?.id === "acknowledged")
          await store.acknowledgeOne(id, minute(3));
      await report("both", 4, "document.completed");
      await report("open", 4, "document.sent");
      const { items } = await store.findDocuments({}, { limit: 100 });
      const progress = await store.progressOf(items.toReversed());
      expect(items.toReversed().map(({ id }, n) => ({ id, ...progress[n] }))).to.deep.equal([
        { id: "open", lastType: "document.sent", open: 1, parked: 0 },
        { id: "both", lastType: "document.completed", open: 1, parked: 1 },
        { id: "acknowledged", lastType: "document.sent", open: 0, parked: 0 },
        { id: "parked", lastType: "document.sent", open: 0, parked: 1 },
        { id: "delivered", lastType: "document.sent", open: 0, parked: 0 },
      ]);
      const found = async (filter: DocumentFilter) =>
        (await store.findDocuments(filter, { limit: 100 })).items.map(({ id }) => id);
      expect(await found({ undelivered: "parked" })).to.deep.equal(["parked", "both"]);
      expect(await found({ undelivered: "open" })).to.deep.equal(["both", "open"]);
    });

    it("tell of one that is not stored, or of which no event is, that there is nothing", async () => {
      expect(await store.progressOf([])).to.deep.equal([]);
      const nothing = { lastType: null, open: 0, parked: 0 };
      await report("other", 1, "document.sent", "legalesign");
      expect(only(await store.progressOf([{ source: "lumin", id: "other" }]))).to.deep.equal(nothing);
    });

    it("tell two sources' documents of the same id apart", async () => {
      await report("same", 1, "document.sent", "lumin");
      await report("same", 2, "document.completed", "legalesign");
      const types = (
        await store.progressOf(["lumin", "legalesign"].map((source) => ({ source, id: "same" })))
      ).map(({ lastType }) => lastType);
      expect(types).to.deep.equal(["document.sent", "document.completed"]);
    });
  });
}
