import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import type { RecordRequest, RecordResult } from "../../src/store/port/inbox.ts";
import type { EventHistory } from "../../src/store/port/reads.ts";
import { PRUNABLE } from "../../src/store/port/retention.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { claim, contentsOf, DAY, deliverAll, fillStore, pruneAll, settle, signings } from "./filled.ts";

const PAGE = { limit: 100 };
const OLDER = NEW_YEAR - 1;
const PARKED = { status: "parked", reason: "gone" } as const;

const idOf = ({ events }: RecordResult) => only(events).id;

/** Retention, on each adapter. `open` returns an empty store. */
export function describePruning(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when it is pruned`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** A request of one event about the document. */
    const sent = (document: string, receivedAt = OLDER, given: Partial<Draft> = {}): RecordRequest =>
      aRecordRequest([aDraft({ document: aDocument(document), ...given })], {
        receipt: aReceipt({ receivedAt }),
      });
    /** Records one event just before, at and just after NEW_YEAR. Returns their ids. */
    const recordAround = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (const at of [OLDER, NEW_YEAR, NEW_YEAR + 1])
        ids.push(idOf(await store.record(sent(`d${at}`, at))));
      return ids;
    };
    const eventIds = async () => (await store.findEvents({}, PAGE)).items.map(({ id }) => id);
    const claimOne = async () => only(await claim(store, NEW_YEAR, { limit: 1 }));
    const historyOf = (id: string): Promise<EventHistory | null> => store.findEvent(id);

    it("is left as it is where no row is old enough, in each table", async () => {
      await fillStore(store);
      const before = await contentsOf(store);
      for (const table of PRUNABLE)
        expect(await pruneAll(store, table, NEW_YEAR - 365 * DAY), table).to.equal(0);
      expect(await contentsOf(store)).to.deep.equal(before);
    });

    describe("by age", () => {
      it("removes receipts by their time of arrival, and keeps their events", async () => {
        const ids = await recordAround();
        expect(await pruneAll(store, "receipts", NEW_YEAR)).to.equal(1);
        const { items } = await store.findReceipts({}, PAGE);
        expect(items.map(({ receivedAt }) => receivedAt)).to.deep.equal([NEW_YEAR, NEW_YEAR + 1]);
        expect(await eventIds()).to.deep.equal(ids);
        for (const [n, id] of ids.entries())
          expect((await historyOf(id))?.receipt === null, id).to.equal(n === 0);
      });

      it("removes rejections by their time of arrival", async () => {
        for (const receivedAt of [OLDER, NEW_YEAR, NEW_YEAR + 1]) {
          const receipt = aReceipt({ receivedAt });
          const { id, source, channel, query, headers, body } = receipt;
          const why = { reason: "the signature does not match", shown: { token: null, authorization: null } };
          await store.reject({ id, source, channel, receivedAt, query, headers, body, ...why }, 10);
        }
        expect(await pruneAll(store, "rejections", NEW_YEAR)).to.equal(1);
        const { items } = await store.findRejections({}, PAGE);
        expect(items.map(({ receivedAt }) => receivedAt)).to.deep.equal([NEW_YEAR, NEW_YEAR + 1]);
      });

      it("removes audit entries by their time", async () => {
        const entry = { action: "pause", caller: "127.0.0.1", reason: "moving", details: {} };
        for (const at of [OLDER, NEW_YEAR, NEW_YEAR + 1]) await store.addAudit({ ...entry, at });
        expect(await pruneAll(store, "audit", NEW_YEAR)).to.equal(1);
        const { items } = await store.findAudit({}, PAGE);
        expect(items.map(({ at }) => at)).to.deep.equal([NEW_YEAR, NEW_YEAR + 1]);
      });

      it("removes events by the time they were recorded, and keeps their receipts", async () => {
        const ids = await recordAround();
        await deliverAll(store, NEW_YEAR + 1);
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(1);
        expect(await eventIds()).to.deep.equal(ids.slice(1));
        expect((await store.findReceipts({}, PAGE)).items.map(({ events }) => events)).to.deep.equal(
          ids.map((id) => [id]),
        );
      });

      it("removes attempts by their start, and keeps their count", async () => {
        const id = idOf(await store.record(sent("a")));
        for (const startedAt of [NEW_YEAR - 2, OLDER, NEW_YEAR]) {
          const last = startedAt === NEW_YEAR;
          for (const lease of await claim(store))
            await settle(store, lease, last ? PARKED : { status: "pending", dueAt: NEW_YEAR }, { startedAt });
        }
        expect(await pruneAll(store, "attempts", NEW_YEAR, 1)).to.equal(2);
        const [delivery] = (await historyOf(id))?.deliveries ?? [];
        expect(delivery).to.include({ attempts: 3, status: "parked" });
        expect(delivery?.history.map(({ number }) => number)).to.deep.equal([3]);
      });

      it("keeps all attempts of an open delivery until it is final", async () => {
        const open = idOf(await store.record(sent("a")));
        const done = idOf(await store.record(sent("b")));
        const yesterday = { startedAt: NEW_YEAR - DAY };
        await settle(store, await claimOne(), { status: "pending", dueAt: NEW_YEAR + 1 }, yesterday);
        await settle(store, await claimOne(), PARKED, yesterday);
        expect(await pruneAll(store, "attempts", NEW_YEAR, 1)).to.equal(1);
        expect((await historyOf(open))?.deliveries[0]?.history).to.have.length(1);
        expect((await historyOf(done))?.deliveries[0]?.history).to.have.length(0);
        await deliverAll(store, NEW_YEAR + 1);
        expect(await pruneAll(store, "attempts", NEW_YEAR, 1)).to.equal(1);
        const [delivery] = (await historyOf(open))?.deliveries ?? [];
        expect(delivery?.history.map(({ number }) => number)).to.deep.equal([2]);
      });

      it("removes documents by the time of the last report about them, in any order", async () => {
        await store.record(sent("changed", OLDER));
        await store.record(sent("repeated", OLDER));
        await store.record(sent("idle", OLDER));
        await store.record(sent("new", NEW_YEAR));
        await store.record(sent("changed", NEW_YEAR, { type: "document.completed" }));
        await store.record(sent("repeated", NEW_YEAR));
        expect(await pruneAll(store, "documents", NEW_YEAR, 1)).to.equal(1);
        const { items } = await store.findDocuments({}, PAGE);
        expect(items.map(({ id }) => id)).to.deep.equal(["changed", "repeated", "new"]);
        expect(await eventIds()).to.have.length(5);
      });

      it("keeps the newest time of a document when an old receipt of it is reprocessed", async () => {
        await store.record(sent("a", OLDER));
        await store.record(sent("a", NEW_YEAR));
        await store.amend(sent("a", OLDER, { type: "document.completed" }));
        expect(await pruneAll(store, "documents", NEW_YEAR)).to.equal(0);
      });

      it("removes the links of a pruned document, and no others", async () => {
        const of = (document: string, signers: string[], receivedAt: number) =>
          store.record(sent(document, receivedAt, { signers: signers.map((id) => aSigner(id)) }));
        await of("old", ["ann", "cid"], OLDER);
        await of("new", ["bob"], NEW_YEAR);
        await pruneAll(store, "documents", NEW_YEAR);
        const documentOf = async (id: string) => {
          const draft = aDraft({ type: "signer.viewed", document: null, signer: aSigner(id) });
          return (await store.record(aRecordRequest([draft]))).events[0]?.document?.id;
        };
        expect(await documentOf("ann")).to.equal(undefined);
        expect(await documentOf("cid")).to.equal(undefined);
        expect(await documentOf("bob")).to.equal("new");
      });

      it("removes tombstones by the time their events were recorded", async () => {
        await recordAround();
        await deliverAll(store, NEW_YEAR + 1);
        expect(await pruneAll(store, "events", NEW_YEAR + 2)).to.equal(3);
        expect(await pruneAll(store, "tombstones", NEW_YEAR)).to.equal(1);
        const again = async (at: number) => (await store.record(sent(`d${at}`))).events.length;
        expect([await again(OLDER), await again(NEW_YEAR), await again(NEW_YEAR + 1)]).to.deep.equal([
          1, 0, 0,
        ]);
      });

      it("keeps the ids of events that are not pruned", async () => {
        await recordAround();
        expect(await pruneAll(store, "tombstones", NEW_YEAR + DAY)).to.equal(0);
        expect((await store.record(sent(`d${OLDER}`))).events).to.deep.equal([]);
      });
    });

    describe("of an event", () => {
      it("keeps an event with an open delivery until that is final, and prunes those behind it", async () => {
        const [open, gone] = [
          idOf(await store.record(sent("a"))),
          idOf(await store.record(sent("b", OLDER, { type: "document.completed" }))),
        ];
        await claimOne();
        await settle(store, await claimOne());
        expect(await pruneAll(store, "events", NEW_YEAR, 1)).to.equal(1);
        expect(await historyOf(gone)).to.equal(null);
        expect((await historyOf(open))?.deliveries[0]).to.include({ status: "pending" });
        await deliverAll(store, NEW_YEAR + DAY);
        expect(await pruneAll(store, "events", NEW_YEAR, 1)).to.equal(1);
        expect(await eventIds()).to.deep.equal([]);
      });

      it("keeps events with a held, a replayed or a single open delivery", async () => {
        const subscribers = [CRM, { ...CRM, name: "erp" }];
        const receipt = aReceipt({ receivedAt: OLDER });
        const drafts = (["document.created", "document.sent", "document.completed"] as const).map((type) =>
          aDraft({ type }),
        );
        const { events } = await store.record(aRecordRequest(drafts, { receipt, subscribers }));
        await deliverAll(store);
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(0);
        await deliverAll(store, NEW_YEAR, "erp");
        const replay = { destination: "erp", status: "all", type: "document.sent" } as const;
        await store.replay(replay, PAGE, { now: NEW_YEAR, spacing: 0 });
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(2);
        const sentEvents = events.filter(({ type }) => type === "document.sent");
        expect(await eventIds()).to.deep.equal([only(sentEvents).id]);
      });

      it("removes an event's deliveries, attempts and duplicates, and no other's", async () => {
        const crm = { ...CRM, ordering: "none" as const };
        const created = { ...crm, events: ["document.created"] };
        const subscribers = [crm, { ...created, name: "erp" }, { ...created, name: "dms" }];
        const drafts = [aDraft({ type: "document.created" }), aDraft({ type: "document.sent" })];
        const record = (channel: string) =>
          store.record(
            aRecordRequest(drafts, { receipt: aReceipt({ channel, receivedAt: OLDER }), subscribers }),
          );
        const [, stays = expect.fail("no second event")] = (await record("batch")).events;
        await record("realtime");
        await settle(store, await claimOne());
        const open = await claimOne();
        for (const destination of ["erp", "dms"]) await deliverAll(store, NEW_YEAR, destination);
        await settle(store, open, { status: "pending", dueAt: NEW_YEAR }, { status: 500 });
        const before = await historyOf(stays.id);
        expect(before?.deliveries[0]?.history).to.have.length(1);
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(1);
        expect(await historyOf(stays.id)).to.deep.equal(before);
        const { events, deliveries, tombstones } = await contentsOf(store);
        expect(events).to.have.length(1);
        expect(deliveries.map(({ delivery }) => delivery.event)).to.deep.equal([stays.id]);
        expect(tombstones).to.have.length(1);
        expect(await pruneAll(store, "attempts", NEW_YEAR + DAY)).to.equal(0);
      });

      it("records no event for a repeat of a pruned one, and lists the repeat at its receipt", async () => {
        const id = idOf(await store.record(sent("a")));
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        const document = await store.findDocument("legalesign", "a");
        const receipt = aReceipt();
        const again = await store.record(aRecordRequest([aDraft({ document: aDocument("a") })], { receipt }));
        expect(again).to.deep.equal({ events: [], duplicates: [id], destinations: [] });
        expect(await store.findReceipt(receipt.id)).to.deep.include({ events: [], duplicates: [id] });
        expect(await store.backlog()).to.deep.equal([]);
        expect(await historyOf(id)).to.equal(null);
        const { tombstones, events, deliveries } = await contentsOf(store);
        expect([tombstones.length, events.length, deliveries.length]).to.deep.equal([1, 0, 0]);
        expect(tombstones[0]).to.deep.include({ id, recordedAt: OLDER, dedupeKeys: [] });
        expect(await store.findDocument("legalesign", "a")).to.deep.equal(document);
      });

      it("records no event for a repeat of a pruned one that was not looked up", async () => {
        const id = idOf(await store.record(sent("a")));
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        const request = sent("a");
        const resolve: RecordRequest["resolve"] = (known) => request.resolve({ ...known, events: new Map() });
        const again = await store.record({ ...request, resolve });
        expect(again).to.deep.equal({ events: [], duplicates: [id], destinations: [] });
        expect(await eventIds()).to.deep.equal([]);
        expect(await store.backlog()).to.deep.equal([]);
      });

      it("records and delivers a repeat as a new event once its tombstone is pruned", async () => {
        const id = idOf(await store.record(sent("a")));
        await store.record(sent("a"));
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        await store.record(sent("a"));
        expect(await pruneAll(store, "tombstones", NEW_YEAR)).to.equal(1);
        const again = await store.record(sent("a", NEW_YEAR));
        expect(again).to.deep.include({ duplicates: [], destinations: ["crm"] });
        expect(idOf(again)).to.equal(id);
        expect((await historyOf(id))?.duplicates).to.deep.equal([]);
        expect(await claim(store)).to.have.length(1);
      });

      it("recognises a repeat of a pruned event whose signer was inferred by its other key", async () => {
        const { sent, first, second } = signings("a", { receivedAt: OLDER });
        for (const request of [sent(), first()]) await store.record(request);
        const recorded = await store.record(second());
        expect(only(recorded.events).signer?.id).to.equal("bob");
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        await pruneAll(store, "documents", NEW_YEAR);
        const duplicates = [idOf(recorded)];
        expect(await store.record(second())).to.deep.equal({ events: [], duplicates, destinations: [] });
        await pruneAll(store, "tombstones", NEW_YEAR);
        expect((await store.record(second())).events).to.have.length(1);
      });

      it("lists a report once when its request is reprocessed, even without its receipt", async () => {
        const id = idOf(await store.record(sent("a")));
        const again = sent("a");
        await store.record(again);
        await pruneAll(store, "receipts", NEW_YEAR);
        for (let n = 0; n < 2; n += 1) await store.amend(again);
        expect((await historyOf(id))?.duplicates).to.have.length(1);
      });

      it("counts nothing twice when the receipt of a pruned event is reprocessed", async () => {
        const request = sent("a");
        await store.record(request);
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        const again = await store.amend(request);
        expect(again).to.deep.equal({ events: [], duplicates: [], destinations: [] });
      });
    });

    describe("step by step", () => {
      it("looks at no more rows than the limit, and the cursor leads through all", async () => {
        for (let n = 0; n < 5; n += 1) await store.record(sent(`d${n}`));
        await deliverAll(store);
        const pruned: number[] = [];
        let cursor: string | undefined;
        do {
          const step = await store.prune({ table: "events", before: NEW_YEAR, cursor, limit: 2 });
          pruned.push(step.pruned);
          cursor = step.next ?? undefined;
        } while (cursor !== undefined);
        expect(pruned.slice(0, 3)).to.deep.equal([2, 2, 1]);
        expect(await eventIds()).to.deep.equal([]);
      });

      it("counts rows that must stay against the limit", async () => {
        const [first] = [await store.record(sent("a")), await store.record(sent("b"))];
        await claimOne();
        await settle(store, await claimOne());
        const step = await store.prune({ table: "events", before: NEW_YEAR, limit: 1 });
        expect(step.pruned).to.equal(0);
        expect(step.next).to.be.a("string");
        const next = await store.prune({
          table: "events",
          before: NEW_YEAR,
          cursor: step.next ?? undefined,
          limit: 1,
        });
        expect(next.pruned).to.equal(1);
        expect(await eventIds()).to.deep.equal([idOf(first)]);
      });

      it("ends at the first row that is not old enough", async () => {
        for (let n = 0; n < 10; n += 1) await store.record(sent(`d${n}`, NEW_YEAR));
        const before = { before: NEW_YEAR, limit: 2 } as const;
        for (const table of ["receipts", "events"] as const)
          expect(await store.prune({ table, ...before })).to.deep.equal({ pruned: 0, next: null });
      });
    });
  });
}
