import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import type { RecordRequest, RecordResult } from "../../src/store/port/inbox.ts";
import type { EventHistory } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { claim, contentsOf, DAY, deliverAll, pruneAll, settle, signings } from "./filled.ts";

const PAGE = { limit: 100 };
const OLDER = NEW_YEAR - 1;
const PARKED = { status: "parked", reason: "gone" } as const;

const idOf = ({ events }: RecordResult) => events[0]?.id ?? "";

/** What is kept for how long, over every adapter: `open` gives an empty store. */
export function describeKeeping(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when it is pruned`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    /** A document's event, received at that moment. */
    const sent = (document: string, receivedAt = OLDER, given: Partial<Draft> = {}): RecordRequest =>
      aRecordRequest([aDraft({ document: aDocument(document), ...given })], {
        receipt: aReceipt({ receivedAt }),
      });
    const recordAround = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (const at of [OLDER, NEW_YEAR, NEW_YEAR + 1])
        ids.push(idOf(await store.record(sent(`d${at}`, at))));
      return ids;
    };
    const eventIds = async () => (await store.findEvents({}, PAGE)).items.map(({ id }) => id);
    const historyOf = (id: string): Promise<EventHistory | null> => store.findEvent(id);

    it("has nothing to do when it is empty", async () => {
      expect(await store.prune({ table: "events", before: NEW_YEAR, limit: 10 })).to.deep.equal({
        pruned: 0,
        next: null,
      });
    });

    describe("by age", () => {
      it("loses receipts by when they were received, and not the events they told", async () => {
        const ids = await recordAround();
        expect(await pruneAll(store, "receipts", NEW_YEAR)).to.equal(1);
        const { items } = await store.findReceipts({}, PAGE);
        expect(items.map(({ receivedAt }) => receivedAt)).to.deep.equal([NEW_YEAR, NEW_YEAR + 1]);
        expect(await eventIds()).to.deep.equal(ids);
        expect(await historyOf(ids[0] ?? "")).to.include({ receipt: null });
      });

      it("loses refused requests by when they were received", async () => {
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

      it("loses what people changed by when they did", async () => {
        const entry = { action: "pause", caller: "127.0.0.1", reason: "moving", details: {} };
        for (const at of [OLDER, NEW_YEAR, NEW_YEAR + 1]) await store.addAudit({ ...entry, at });
        expect(await pruneAll(store, "audit", NEW_YEAR)).to.equal(1);
        const { items } = await store.findAudit(PAGE);
        expect(items.map(({ at }) => at)).to.deep.equal([NEW_YEAR, NEW_YEAR + 1]);
      });

      it("loses events by when they were recorded, and not their receipts", async () => {
        const ids = await recordAround();
        await deliverAll(store, NEW_YEAR + 1);
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(1);
        expect(await eventIds()).to.deep.equal(ids.slice(1));
        expect((await store.findReceipts({}, PAGE)).items.map(({ events }) => events)).to.deep.equal(
          ids.map((id) => [id]),
        );
      });

      it("loses tries by when they began, and still knows how many there were", async () => {
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

      it("keeps the tries of a delivery that is open, however old, until it is final", async () => {
        const open = idOf(await store.record(sent("a")));
        const done = idOf(await store.record(sent("b")));
        const [first, second] = await claim(store);
        const long = { startedAt: NEW_YEAR - DAY };
        if (first) await settle(store, first, { status: "pending", dueAt: NEW_YEAR }, long);
        if (second) await settle(store, second, PARKED, long);
        expect(await pruneAll(store, "attempts", NEW_YEAR, 1)).to.equal(1);
        expect((await historyOf(open))?.deliveries[0]?.history).to.have.length(1);
        expect((await historyOf(done))?.deliveries[0]?.history).to.have.length(0);
        await deliverAll(store);
        expect(await pruneAll(store, "attempts", NEW_YEAR, 1)).to.equal(1);
        const [delivery] = (await historyOf(open))?.deliveries ?? [];
        expect(delivery?.history.map(({ number }) => number)).to.deep.equal([2]);
      });

      it("loses documents by when something was last told of them, wherever they stand in the list", async () => {
        await store.record(sent("told again", OLDER));
        await store.record(sent("repeated", OLDER));
        await store.record(sent("at rest", OLDER));
        await store.record(sent("new", NEW_YEAR));
        await store.record(sent("told again", NEW_YEAR, { type: "document.completed" }));
        await store.record(sent("repeated", NEW_YEAR));
        expect(await pruneAll(store, "documents", NEW_YEAR, 1)).to.equal(1);
        const { items } = await store.findDocuments({}, PAGE);
        expect(items.map(({ id }) => id)).to.deep.equal(["told again", "repeated", "new"]);
        expect(await eventIds()).to.have.length(5);
      });

      it("does not take a document for older because an old receipt of it was read again", async () => {
        await store.record(sent("a", OLDER));
        await store.record(sent("a", NEW_YEAR));
        await store.amend(sent("a", OLDER, { type: "document.completed" }));
        expect(await pruneAll(store, "documents", NEW_YEAR)).to.equal(0);
      });

      it("loses with a document the links of its signers, and no others", async () => {
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

      it("loses the ids of events that are gone by when those were recorded", async () => {
        await recordAround();
        await deliverAll(store, NEW_YEAR + 1);
        expect(await pruneAll(store, "events", NEW_YEAR + 2)).to.equal(3);
        expect(await pruneAll(store, "tombstones", NEW_YEAR)).to.equal(1);
        const again = async (at: number) => (await store.record(sent(`d${at}`))).events.length;
        expect([await again(OLDER), await again(NEW_YEAR), await again(NEW_YEAR + 1)]).to.deep.equal([
          1, 0, 0,
        ]);
      });

      it("keeps the ids of events that are still there", async () => {
        await recordAround();
        expect(await pruneAll(store, "tombstones", NEW_YEAR + DAY)).to.equal(0);
        expect((await store.record(sent(`d${OLDER}`))).events).to.deep.equal([]);
      });
    });

    describe("of an event", () => {
      it("keeps one whose delivery is open, and goes on behind it, until the delivery is final", async () => {
        const [open, gone] = [
          idOf(await store.record(sent("a"))),
          idOf(await store.record(sent("b", OLDER, { type: "document.completed" }))),
        ];
        const [, second] = await claim(store);
        if (second) await settle(store, second);
        expect(await pruneAll(store, "events", NEW_YEAR, 1)).to.equal(1);
        expect(await historyOf(gone)).to.equal(null);
        expect((await historyOf(open))?.deliveries[0]).to.include({ status: "pending" });
        await deliverAll(store, NEW_YEAR + DAY);
        expect(await pruneAll(store, "events", NEW_YEAR, 1)).to.equal(1);
        expect(await eventIds()).to.deep.equal([]);
      });

      it("keeps one that is held, one that is sent again, and one of whose deliveries a single one is open", async () => {
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
        expect(await eventIds()).to.deep.equal([events[1]?.id]);
      });

      it("loses its deliveries, tries and duplicates with it, and nothing of another's", async () => {
        const crm = { ...CRM, ordering: "none" as const };
        const created = { ...crm, events: ["document.created"] };
        const subscribers = [crm, { ...created, name: "erp" }, { ...created, name: "dms" }];
        const drafts = [aDraft({ type: "document.created" }), aDraft({ type: "document.sent" })];
        const tell = (channel: string) =>
          store.record(
            aRecordRequest(drafts, { receipt: aReceipt({ channel, receivedAt: OLDER }), subscribers }),
          );
        const [, stays] = (await tell("batch")).events;
        await tell("realtime");
        const [first, second] = await claim(store);
        if (first) await settle(store, first);
        for (const destination of ["erp", "dms"]) await deliverAll(store, NEW_YEAR, destination);
        if (second) await settle(store, second, { status: "pending", dueAt: NEW_YEAR }, { status: 500 });
        const before = await historyOf(stays?.id ?? "");
        expect(await pruneAll(store, "events", NEW_YEAR)).to.equal(1);
        expect(await historyOf(stays?.id ?? "")).to.deep.equal(before);
        const { events, deliveries, tombstones } = await contentsOf(store);
        expect(events).to.have.length(1);
        expect(deliveries.map(({ delivery }) => delivery.event)).to.deep.equal([stays?.id]);
        expect(tombstones).to.have.length(1);
        expect(await pruneAll(store, "attempts", NEW_YEAR + DAY)).to.equal(0);
      });

      it("makes nothing new of a repeat, and lists it at its receipt", async () => {
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

      it("makes nothing new of a repeat even where nobody asked for what it repeats", async () => {
        const id = idOf(await store.record(sent("a")));
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        const recording = sent("a");
        const resolve: RecordRequest["resolve"] = (known) =>
          recording.resolve({ ...known, events: new Map() });
        const again = await store.record({ ...recording, resolve });
        expect(again).to.deep.equal({ events: [], duplicates: [id], destinations: [] });
        expect(await eventIds()).to.deep.equal([]);
        expect(await store.backlog()).to.deep.equal([]);
      });

      it("makes a new one of a repeat once its id is gone too, which is told and delivered as any other", async () => {
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

      it("recognises a repeat by another key as well: who signed was found by what was known then", async () => {
        const { sent, first, second } = signings("a", { receivedAt: OLDER });
        for (const recording of [sent(), first()]) await store.record(recording);
        const recorded = await store.record(second());
        expect(recorded.events[0]?.signer?.id).to.equal("bob");
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        await pruneAll(store, "documents", NEW_YEAR);
        const duplicates = [idOf(recorded)];
        expect(await store.record(second())).to.deep.equal({ events: [], duplicates, destinations: [] });
        await pruneAll(store, "tombstones", NEW_YEAR);
        expect((await store.record(second())).events).to.have.length(1);
      });

      it("lists a report once, however often its request is read again, and though the receipt is gone", async () => {
        const id = idOf(await store.record(sent("a")));
        const again = sent("a");
        await store.record(again);
        await pruneAll(store, "receipts", NEW_YEAR);
        for (let n = 0; n < 2; n += 1) await store.amend(again);
        expect((await historyOf(id))?.duplicates).to.have.length(1);
      });

      it("counts nothing twice when its receipt is read again", async () => {
        const recording = sent("a");
        await store.record(recording);
        await deliverAll(store);
        await pruneAll(store, "events", NEW_YEAR);
        const again = await store.amend(recording);
        expect(again).to.deep.equal({ events: [], duplicates: [], destinations: [] });
      });
    });

    describe("step by step", () => {
      it("looks at no more rows than it is told, and the cursor leads through all", async () => {
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

      it("counts those that must stay among the rows it looks at", async () => {
        const [first] = [await store.record(sent("a")), await store.record(sent("b"))];
        const [, second] = await claim(store);
        if (second) await settle(store, second);
        const step = await store.prune({ table: "events", before: NEW_YEAR, limit: 1 });
        expect(step.pruned).to.equal(0);
        expect(step.next).to.be.a("string");
        const next = await store.prune({
          table: "events",
          before: NEW_YEAR,
          cursor: step.next ?? "",
          limit: 1,
        });
        expect(next.pruned).to.equal(1);
        expect(await eventIds()).to.deep.equal([idOf(first)]);
      });

      it("ends where what is not old enough begins", async () => {
        for (let n = 0; n < 10; n += 1) await store.record(sent(`d${n}`, NEW_YEAR));
        const before = { before: NEW_YEAR, limit: 2 } as const;
        for (const table of ["receipts", "events"] as const)
          expect(await store.prune({ table, ...before })).to.deep.equal({ pruned: 0, next: null });
      });
    });
  });
}
