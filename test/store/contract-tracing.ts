import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import type { Store } from "../../src/store/store.ts";
import { aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, contentsOf, restoreAll, settle } from "./filled.ts";

const [FIRST, SECOND] = ["1", "2"].map((digit) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`);

/** The creation contexts of events, on each adapter. `open` returns an empty store. */
export function describeTracing(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when requests are traced`, () => {
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

    const receipt = aReceipt();
    const requestWith = (creation: string | undefined, ...drafts: Draft[]) =>
      aRecordRequest(drafts.length > 0 ? drafts : [aDraft()], {
        receipt,
        ...(creation !== undefined && { creationOf: () => creation }),
      });
    const traceparents = async () => (await contentsOf(store)).events.map(({ traceparent }) => traceparent);

    it("stores each new event with its own creation context, and leases it with the event", async () => {
      const drafts = [aDraft({ type: "document.created" }), aDraft({ type: "document.sent" })];
      const seen: string[] = [];
      const creationOf = (event: string) => {
        seen.push(event);
        return (seen.length === 1 ? FIRST : SECOND) as string;
      };
      const { events } = await store.record(aRecordRequest(drafts, { creationOf }));
      expect(seen).to.deep.equal(events.map(({ id }) => id));
      const first = only(await claim(store));
      expect(first).to.include({ traceparent: FIRST });
      await settle(store, first);
      expect(only(await claim(store))).to.include({ traceparent: SECOND });
      expect(await traceparents()).to.deep.equal([FIRST, SECOND]);
    });

    it("keeps it over retries, replays, repeats and reprocessing", async () => {
      await store.record(requestWith(FIRST));
      await settle(store, only(await claim(store)), { status: "pending", dueAt: NEW_YEAR });
      expect(only(await claim(store, NEW_YEAR + 60_000))).to.include({ traceparent: FIRST });
      await store.amend(requestWith(SECOND));
      await store.record({ ...requestWith(SECOND), receipt: aReceipt() });
      await settle(store, only(await claim(store, NEW_YEAR + 120_000)));
      const filter = { destination: "crm", status: "all" } as const;
      await store.replay(filter, { limit: 10 }, { now: NEW_YEAR, spacing: 0 });
      expect(only(await claim(store, NEW_YEAR + 180_000))).to.include({ traceparent: FIRST });
      expect(await traceparents()).to.deep.equal([FIRST]);
    });

    it("moves it to another store with its event", async () => {
      await store.record(requestWith(FIRST));
      const contents = await contentsOf(store);
      const other = await openOne();
      await restoreAll(other, contents);
      expect(await contentsOf(other)).to.deep.equal(contents);
      expect(only(await claim(other))).to.include({ traceparent: FIRST });
    });

    it("has none of events that were not traced", async () => {
      await store.record(requestWith(undefined));
      expect(only(await claim(store))).not.to.have.property("traceparent");
      expect(only((await contentsOf(store)).events)).not.to.have.property("traceparent");
    });
  });
}
