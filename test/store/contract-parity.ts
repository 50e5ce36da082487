import { expect } from "chai";
import type { ReceiptRange } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { anException, aProof } from "./filled.ts";

/** What a store promises of parity reports, their exceptions, and the requests that they are made from. */
export function describeParity(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, asked for parity`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it("keeps a report whole, and the first of one id", async () => {
      const report = { format: "countersign-parity/1", losses: [{ document: "dokument-ü" }] };
      await store.keepProof(aProof({ report }));
      await store.keepProof(aProof({ report: { format: "else" } }));
      expect(await store.findProof("prf_1")).to.deep.equal(aProof({ report }));
      expect(await store.findProof("prf_2")).to.equal(null);
    });

    it("lists reports without themselves, of one source too, and knows the newest of each source", async () => {
      const proofs = ["lumin", "legalesign", "lumin"].map((source, index) =>
        aProof({ id: `prf_${index}`, source, at: NEW_YEAR + index, unexplained: index }),
      );
      for (const proof of proofs) await store.keepProof(proof);
      const [first, second, third] = proofs.map(({ report: _, ...summary }) => summary);
      const page = { limit: 10, order: "newest" } as const;
      expect((await store.findProofs({}, page)).items).to.deep.equal([third, second, first]);
      expect((await store.findProofs({ source: "lumin" }, page)).items).to.deep.equal([third, first]);
      expect((await store.findProofs({ from: NEW_YEAR + 1 }, page)).items).to.deep.equal([third, second]);
      expect(await store.newestProofs()).to.deep.equal([second, third]);
    });

    it("keeps exceptions in order until they are dropped", async () => {
      const one = anException();
      const other = anException({ id: "pex_2", finding: null, type: "signer.viewed", missing: "old" });
      await store.addParityException(one);
      await store.addParityException(other);
      expect(await store.parityExceptions()).to.deep.equal([one, other]);
      expect(await store.dropParityException("pex_1")).to.equal(true);
      expect(await store.dropParityException("pex_1")).to.equal(false);
      expect(await store.parityExceptions()).to.deep.equal([other]);
    });

    describe("readReceipts", () => {
      const BATCH = { source: "legalesign", name: "batch" };

      async function readAll(range: ReceiptRange, limit = 2) {
        const found: Awaited<ReturnType<Store["readReceipts"]>>["items"][number][] = [];
        let cursor: string | undefined;
        do {
          const { items, next } = await store.readReceipts(range, { cursor, limit });
          found.push(...items);
          cursor = next ?? undefined;
        } while (cursor !== undefined);
        return found;
      }

      it("gives the requests of the channels and of the time, with their bytes, in the order received", async () => {
        const places = [
          ["legalesign", "batch"],
          ["legalesign", "realtime"],
          ["lumin", "batch"],
          ["legalesign", "batch"],
          ["legalesign", "batch"],
          ["legalesign", "upon"],
        ] as const;
        const receipts = places.map(([source, channel], index) =>
          aReceipt({ source, channel, receivedAt: NEW_YEAR + index, body: Buffer.from([0xff, index]) }),
        );
        for (const receipt of receipts) await store.record(aRecordRequest([], { receipt }));
        const idsOf = async (range: ReceiptRange) => (await readAll(range)).map(({ id }) => id);
        const expected = (...indexes: number[]) => indexes.map((index) => receipts[index]?.id);
        expect(await idsOf({ channels: [BATCH] })).to.deep.equal(expected(0, 3, 4));
        const both = [BATCH, { source: "legalesign", name: "realtime" }];
        expect(await idsOf({ channels: both })).to.deep.equal(expected(0, 1, 3, 4));
        expect(await idsOf({ channels: both, from: NEW_YEAR + 1, until: NEW_YEAR + 4 })).to.deep.equal(
          expected(1, 3),
        );
        const [first] = await readAll({ channels: [BATCH] });
        expect(first && Buffer.from(first.body)).to.deep.equal(Buffer.from([0xff, 0]));
        expect(first).to.deep.include({ headers: receipts[0]?.headers, verified: "token", query: "" });
      });
    });
  });
}
