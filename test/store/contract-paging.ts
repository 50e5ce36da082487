import { expect } from "chai";
import { MAX_PAGE_BYTES } from "../../src/store/cursor.ts";
import type { Page, PageRequest } from "../../src/store/port/paging.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";

/** Bytes of an item of which two are more than a page may hold. */
const LONG = MAX_PAGE_BYTES / 2 + 1;
const COUNT = 5;

/** Pages are bounded in bytes: reading must not fill the memory nor delay recording. */
export function describePaging(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, asked for long pages`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** The number of items of each page, limited by bytes alone. */
    async function pagesOf<T>(find: (page: PageRequest) => Promise<Page<T>>): Promise<number[]> {
      const lengths: number[] = [];
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const { items, next } = await find({ limit: 1_000, cursor });
        lengths.push(items.length);
        cursor = next;
      }
      return lengths;
    }

    it("bounds pages of long events, documents and receipts", async () => {
      const title = "x".repeat(LONG);
      for (let n = 0; n < COUNT; n += 1) {
        const draft = aDraft({ document: { ...aDocument(`d${n}`), title } });
        await store.record(aRecordRequest([draft], { receipt: aReceipt({ headers: { long: title } }) }));
      }
      expect(await pagesOf((page) => store.findEvents({}, page))).to.deep.equal([2, 2, 1]);
      expect(await pagesOf((page) => store.findDocuments({}, page))).to.deep.equal([2, 2, 1]);
      const named = (page: PageRequest) => store.findDocuments({ search: "d3" }, page);
      expect(await pagesOf(named)).to.deep.equal([1, 0, 0]);
      expect(await pagesOf((page) => store.findReceipts({}, page))).to.deep.equal([2, 2, 1]);
    });

    it("bounds pages of rejections, lists them without bodies, and finds each with its body", async () => {
      for (let n = 0; n < COUNT; n += 1)
        await store.reject(
          {
            ...{
              id: `rej_${n}`,
              source: "lumin",
              channel: "app",
              receivedAt: NEW_YEAR,
              query: "",
              headers: {},
            },
            ...{ body: Buffer.alloc(LONG, 7), reason: "no", shown: { token: null, authorization: null } },
          },
          COUNT,
        );
      // lowdb stores fewer of them, so that they do not fill its file.
      expect(Math.max(...(await pagesOf((page) => store.findRejections({}, page))))).to.equal(2);
      const { items } = await store.listRejections({ source: "lumin", channel: "app" }, { limit: 2 });
      expect(items.map((one) => ["body" in one, one.size])).to.deep.equal([
        [false, LONG],
        [false, LONG],
      ]);
      const one = await store.findRejection("rej_4");
      expect(one?.body && Buffer.compare(one.body, Buffer.alloc(LONG, 7))).to.equal(0);
      expect(await store.findRejection("rej_x")).to.equal(null);
    });
  });
}
