import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { RecordRequest } from "../../src/store/port/inbox.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../support/builders.ts";
import { nth, only } from "../support/only.ts";
import { contentsOf, DAY, pruneAll } from "./filled.ts";

const PAGE = { limit: 100 };
const MINUTE = 60_000;

/** Requests of channels in shadow, on each adapter. `open` returns an empty store. */
export function describeShadow(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when a channel is in shadow`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const sent = (given: Partial<Draft> = {}) => aDraft({ type: "document.sent", ...given });
    const viewed = (channel: string, seconds: number) =>
      aDraft({ type: "signer.viewed", channel, signer: aSigner(), time: NEW_YEAR + seconds * 1_000 });
    const realtime = (given: Partial<Receipt> = {}) => aReceipt({ channel: "realtime", ...given });
    const request = (
      drafts: readonly Draft[],
      receipt: Receipt,
      { shadow = true, coalesce = MINUTE } = {},
    ): RecordRequest =>
      aRecordRequest(
        drafts.map((draft) => ({ ...draft, channel: receipt.channel })),
        { receipt, shadow, coalesce },
      );
    const everything = async () => {
      const { events, documents, links, deliveries, tombstones } = await contentsOf(store);
      return [events, documents, links, deliveries, tombstones].flat();
    };
    const receiptOf = async (id: string) => (await store.findReceipt(id)) ?? expect.fail(`no receipt ${id}`);
    const inShadow = async () => (await store.findReceipts({ shadow: true }, PAGE)).items.map(({ id }) => id);
    const deliveries = async () => (await store.findDeliveries({}, PAGE)).items;

    it("keeps the request, with the events that it would have made, and records nothing else", async () => {
      const receipt = realtime();
      const signers = [aSigner("ann")];
      const drafts = [sent({ signers }), sent({ type: "document.completed", signers })];
      expect(await store.record(request(drafts, receipt))).to.deep.equal({
        events: [],
        duplicates: [],
        destinations: [],
      });
      expect(await everything()).to.deep.equal([]);
      const { body, shadow } = await receiptOf(receipt.id);
      expect(Buffer.from(body)).to.deep.equal(receipt.body);
      expect(shadow).to.have.length(2);
      expect(await inShadow()).to.deep.equal([receipt.id]);
      const reports = [{ receipt: receipt.id, channel: "realtime", at: NEW_YEAR }];
      for (const event of shadow ?? []) expect(await store.findShadow(event)).to.deep.equal(reports);
      expect(await store.findShadow("evt_00000000000000000000000000")).to.deep.equal([]);
    });

    it("lists it at events that are recorded, by key or by nearness, and leaves these as they are", async () => {
      await store.record(request([sent(), viewed("batch", 0)], aReceipt(), { shadow: false }));
      const before = await contentsOf(store);
      const receipt = realtime();
      const title = { ...aDocument(), title: "From the shadow" };
      const { duplicates } = await store.record(
        request([sent({ document: title }), viewed("realtime", 5)], receipt),
      );
      expect(duplicates).to.have.members(before.events.map(({ event }) => event.id));
      const after = await contentsOf(store);
      for (const table of ["documents", "links", "deliveries"] as const)
        expect(after[table]).to.deep.equal(before[table]);
      for (const { duplicates, channelKeys } of after.events) {
        expect(duplicates).to.deep.equal([{ receipt: receipt.id, channel: "realtime", at: NEW_YEAR }]);
        expect(channelKeys).to.deep.equal([]);
      }
      expect((await receiptOf(receipt.id)).shadow).to.deep.equal([]);
    });

    it("makes the event, and delivers it once, when another channel reports it", async () => {
      const receipt = realtime();
      await store.record(request([sent()], receipt));
      const { events } = await store.record(request([sent()], aReceipt(), { shadow: false }));
      await store.record(request([sent()], aReceipt({ channel: "upon" }), { shadow: false }));
      const { event, shadow } = (await store.findEvent(only(events).id)) ?? expect.fail("no event");
      expect(event).to.include({ channel: "batch", sequence: 1, late: false });
      expect(shadow).to.deep.equal([{ receipt: receipt.id, channel: "realtime", at: NEW_YEAR }]);
      expect(await deliveries()).to.have.length(1);
    });

    it("records what it alone reported once it is amended outside of the shadow, and nothing twice", async () => {
      const receipt = realtime();
      const drafts = [sent(), sent({ type: "document.completed" }), viewed("realtime", 5)];
      await store.record(request(drafts, receipt));
      await store.record(
        request([sent({ type: "document.completed" }), viewed("batch", 0)], aReceipt(), { shadow: false }),
      );
      for (const expected of [["document.sent"], []]) {
        const { events } = await store.amend(request(drafts, receipt, { shadow: false }));
        expect(events.map(({ type }) => type)).to.deep.equal(expected);
      }
      expect((await deliveries()).map(({ type }) => type)).to.deep.equal([
        "document.completed",
        "signer.viewed",
        "document.sent",
      ]);
      const { shadow, events, duplicates } = await receiptOf(receipt.id);
      expect([shadow, events.length, duplicates.length]).to.deep.equal([null, 1, 2]);
      expect(await inShadow()).to.deep.equal([]);
      expect(await store.findShadow(nth(events, 0))).to.deep.equal([]);
      const sequences = (await store.findEvents({}, PAGE)).items.map(({ sequence }) => sequence);
      expect(sequences).to.deep.equal([1, 2, 3]);
    });

    it("keeps a receipt in shadow while a part of it is amended, and adds what later parts would make", async () => {
      const receipt = realtime();
      await store.record(request([sent()], receipt));
      await store.amend(request([sent({ type: "document.completed" })], receipt));
      expect((await receiptOf(receipt.id)).shadow).to.have.length(2);
      expect(await everything()).to.deep.equal([]);
      // The first slice of its release: it is recorded, and the receipt stays in shadow.
      const { events } = await store.amend({
        ...request([sent()], receipt, { shadow: false }),
        shadow: true,
      });
      expect(events).to.have.length(1);
      expect((await receiptOf(receipt.id)).shadow).to.have.length(2);
      expect(await inShadow()).to.deep.equal([receipt.id]);
    });

    it("does not prune a receipt in shadow, however old, until it is out of it", async () => {
      const receipt = realtime();
      await store.record(request([sent()], receipt));
      await store.record(request([], aReceipt(), { shadow: false }));
      expect(await pruneAll(store, "receipts", NEW_YEAR + DAY)).to.equal(1);
      expect(await inShadow()).to.deep.equal([receipt.id]);
      await store.amend(request([sent()], receipt, { shadow: false }));
      expect(await pruneAll(store, "receipts", NEW_YEAR + DAY)).to.equal(1);
    });

    it("counts a request as accepted where it alone reports something, otherwise as a duplicate", async () => {
      await store.record(request([sent()], aReceipt(), { shadow: false }));
      await store.record(request([sent()], realtime()));
      await store.record(request([sent({ type: "document.completed" })], realtime()));
      const { requests } = await store.tallies({ from: 0 });
      const counts = requests.filter(({ channel }) => channel === "realtime");
      expect(counts.map(({ outcome, count }) => [outcome, count])).to.deep.equal([
        ["accepted", 1],
        ["duplicate", 1],
      ]);
    });

    it("keeps many requests of one moment apart, in and out of the shadow", async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const document = aDocument(`d${n % 5}`);
          return store.record(
            request([sent({ document })], n % 2 === 0 ? realtime() : aReceipt(), { shadow: n % 2 === 0 }),
          );
        }),
      );
      expect(results.flatMap(({ events }) => events)).to.have.length(5);
      expect(await deliveries()).to.have.length(5);
      expect(await inShadow()).to.have.length(10);
    });
  });
}
