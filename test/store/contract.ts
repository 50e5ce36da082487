import { expect } from "chai";
import type { Outcome } from "../../src/domain/delivery.ts";
import type { KnownType } from "../../src/domain/event.ts";
import type { ReplayFilter } from "../../src/store/port/control.ts";
import type { RecordRequest, RecordResult } from "../../src/store/port/inbox.ts";
import type { PageRequest } from "../../src/store/port/paging.ts";
import type { Lease } from "../../src/store/port/queue.ts";
import type { DeliveryFilter, DocumentFilter } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { ordersOf } from "../domain/orders.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import { describeAcknowledging } from "./contract-acknowledging.ts";
import { describeBatches } from "./contract-batches.ts";
import { describeDeliveries } from "./contract-deliveries.ts";
import { describeDocuments } from "./contract-documents.ts";
import { describeLists } from "./contract-lists.ts";
import { describeMoving } from "./contract-moving.ts";
import { describeNotes } from "./contract-notes.ts";
import { describePaging } from "./contract-paging.ts";
import { describeParity } from "./contract-parity.ts";
import { describeParking } from "./contract-parking.ts";
import { describePruning } from "./contract-pruning.ts";
import { describeRefusing } from "./contract-refusing.ts";
import { describeShadow } from "./contract-shadow.ts";
import { describeTallies } from "./contract-tallies.ts";
import { describeTracing } from "./contract-tracing.ts";
import { anAttempt } from "./filled.ts";

const DELIVERED: Outcome = { status: "delivered" };
const PAGE = { limit: 100 };

const idsOf = ({ events }: RecordResult) => events.map(({ id }) => id);

const idOf = ({ events }: RecordResult) => only(events).id;

/** One channel's report of one signer's view, of a document or, with null, without one. */
function viewed(
  channel: string,
  seconds: number,
  document: string | null = "doc-1",
  rules: Parameters<typeof aRecordRequest>[1] = {},
): RecordRequest {
  const time = NEW_YEAR + seconds * 1_000;
  const named = document === null ? null : aDocument(document);
  const draft = aDraft({ type: "signer.viewed", channel, document: named, signer: aSigner(), time });
  return aRecordRequest([draft], { receipt: aReceipt({ channel }), coalesce: 60_000, ...rules });
}

/** Every promise of the port (src/store/store.ts), tested on each adapter. `open` returns an empty store. */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const claim = (limit = 10, now = NEW_YEAR) =>
      store.claim({ destination: "crm", limit, now, until: now + 60_000 });
    const settle = (lease: Lease, outcome: Outcome = DELIVERED) =>
      store.settle({
        token: lease.token,
        attempt: anAttempt({ number: lease.delivery.attempts + 1 }),
        outcome,
        at: NEW_YEAR,
      });
    const draftsOf = (document: string, ...types: KnownType[]) =>
      types.map((type) => aDraft({ type, document: aDocument(document) }));

    describe("record", () => {
      it("stores the receipt byte for byte", async () => {
        const body = Buffer.from([0xff, 0x00, 0xfe, 0x2b, 0x0d, 0x0a]);
        const receipt = aReceipt({ body, headers: { "x-signature": "ab" }, query: "trigger=signed" });
        await store.record(aRecordRequest([], { receipt }));
        const stored = await store.findReceipt(receipt.id);
        expect(stored?.body && Buffer.from(stored.body)).to.deep.equal(body);
        expect(stored).to.deep.include({
          headers: { "x-signature": "ab" },
          query: "trigger=signed",
          size: 6,
        });
      });

      it("stores events, documents and deliveries together with their receipt", async () => {
        const receipt = aReceipt();
        const recorded = await store.record(aRecordRequest(draftsOf("doc-1", "document.sent"), { receipt }));
        expect(recorded.events).to.have.length(1);
        expect(recorded.destinations).to.deep.equal(["crm"]);
        const history = await store.findEvent(idOf(recorded));
        expect(history?.receipt).to.deep.include({ id: receipt.id, events: idsOf(recorded) });
        expect(history?.deliveries).to.have.length(1);
        expect(await store.findDocument("legalesign", "doc-1")).to.deep.include({
          status: "sent",
          sequence: 1,
        });
      });

      it("stores nothing of a request whose `resolve` throws, and all of those beside it", async () => {
        const good = aRecordRequest(draftsOf("doc-1", "document.sent"));
        const bad = {
          ...aRecordRequest(draftsOf("doc-2", "document.sent")),
          resolve: () => {
            throw new TypeError("broken");
          },
        };
        const [first, second, third] = await Promise.allSettled([
          store.record(good),
          store.record(bad),
          store.record(aRecordRequest(draftsOf("doc-3", "document.sent"))),
        ]);
        expect(first?.status).to.equal("fulfilled");
        expect(second?.status === "rejected" && second.reason).to.be.instanceOf(TypeError);
        expect(third?.status).to.equal("fulfilled");
        expect((await store.findReceipts({}, PAGE)).items).to.have.length(2);
        expect(await store.findReceipt(bad.receipt.id)).to.equal(null);
      });

      it("records a happening once, and lists a second report of it at the event", async () => {
        const first = await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        const again = aReceipt({ channel: "realtime" });
        const second = await store.record(
          aRecordRequest(draftsOf("doc-1", "document.sent"), { receipt: again }),
        );
        expect(second).to.deep.equal({ events: [], duplicates: idsOf(first), destinations: [] });
        const history = await store.findEvent(idOf(first));
        expect(history?.duplicates).to.deep.equal([{ receipt: again.id, channel: "realtime", at: NEW_YEAR }]);
        expect(history?.deliveries).to.have.length(1);
        expect(await store.findReceipt(again.id)).to.deep.include({ events: [], duplicates: idsOf(first) });
      });

      it("counts no duplicate when one request reports a happening twice", async () => {
        const twice = aRecordRequest([
          ...draftsOf("doc-1", "document.sent"),
          ...draftsOf("doc-1", "document.sent"),
        ]);
        const recorded = await store.record(twice);
        expect(recorded.duplicates).to.deep.equal([]);
        expect((await store.findEvent(idOf(recorded)))?.duplicates).to.deep.equal([]);
        expect(await store.findReceipt(twice.receipt.id)).to.deep.include({ duplicates: [] });
      });

      it("records one event for a hundred identical requests at the same instant", async () => {
        const recorded = await Promise.all(
          Array.from({ length: 100 }, () => store.record(aRecordRequest(draftsOf("doc-1", "document.sent")))),
        );
        expect(recorded.filter(({ events }) => events.length === 1)).to.have.length(1);
        expect((await store.findEvents({}, PAGE)).items).to.have.length(1);
      });

      it("recognises a repeated report whose signer had to be inferred", async () => {
        const signers = [aSigner("ann", { status: "signed" }), aSigner("bob")];
        const signed = aDraft({ type: "signer.signed", signers });
        await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        const first = await store.record(aRecordRequest([signed]));
        const second = await store.record(aRecordRequest([signed]));
        expect((await store.findEvent(idOf(first)))?.event.signer?.id).to.equal("ann");
        expect(second).to.deep.include({ events: [], duplicates: idsOf(first) });
      });

      it("coalesces reports of two channels whose clocks differ, and recognises repeats", async () => {
        const first = await store.record(viewed("batch", 0));
        const duplicates = idsOf(first);
        expect(await store.record(viewed("realtime", 4))).to.deep.include({ events: [], duplicates });
        expect(await store.record(viewed("realtime", 4))).to.deep.include({ events: [], duplicates });
        expect((await store.record(viewed("realtime", 60))).events).to.have.length(1);
        const history = await store.findEvent(idOf(first));
        expect(history?.duplicates.map(({ channel }) => channel)).to.deep.equal(["realtime", "realtime"]);
      });

      it("records two happenings as two events in any order of two channels' reports", async () => {
        const reports = [0, 20].flatMap((at) => [
          { channel: "batch", at },
          { channel: "realtime", at: at + 2 },
        ]);
        let number = 0;
        for (const order of ordersOf(reports)) {
          for (const atOnce of [false, true]) {
            number += 1;
            const document = aDocument(`all-${number}`);
            const signer = aSigner(`ann-${number}`);
            const requests = [...order, ...order].map(({ channel, at }) => {
              const time = NEW_YEAR + at * 1_000;
              const draft = aDraft({ type: "signer.viewed", channel, document, signer, time });
              return aRecordRequest([draft], { receipt: aReceipt({ channel }), coalesce: 60_000 });
            });
            if (atOnce) await Promise.all(requests.map(store.record));
            else for (const request of requests) await store.record(request);
            const { items } = await store.findEvents({ document: document.id }, PAGE);
            const shown = order.map(({ channel, at }) => `${channel} ${at}`).join(", ");
            expect(items, `${shown}${atOnce ? ", at once" : ""}`).to.have.length(2);
          }
        }
      });

      it("splits a coalesced report off when its channel reports the other happening too", async () => {
        await store.record(viewed("realtime", 30));
        const merged = viewed("batch", 0);
        expect((await store.record(merged)).events).to.deep.equal([]);
        const { events, duplicates, destinations } = await store.record(viewed("batch", 30));
        const event = only(events);
        expect(event.time).to.equal(new Date(NEW_YEAR).toISOString());
        expect(event.provenance.receipt).to.equal(merged.receipt.id);
        expect(destinations).to.deep.equal(["crm"]);
        expect((await store.record(viewed("batch", 0))).events).to.deep.equal([]);
        const history = await store.findEvent(event.id);
        expect(history?.receipt?.id).to.equal(merged.receipt.id);
        const other = await store.findEvent(only(duplicates));
        expect(other?.duplicates.map(({ receipt }) => receipt)).not.to.include(merged.receipt.id);
      });

      it("gives a report that is split off the document that it named, and its next sequence", async () => {
        await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        await store.record(viewed("batch", 0, "doc-2"));
        await store.record(viewed("realtime", 11, "doc-1"));
        const { events } = await store.record(viewed("realtime", 0, "doc-2"));
        expect(events.map(({ document, sequence }) => [document?.id, sequence])).to.deep.equal([
          ["doc-1", 2],
        ]);
        expect(await store.findDocument("legalesign", "doc-1")).to.include({ sequence: 2, status: "sent" });
      });

      it("gives a report that is split off without a document that of its signer", async () => {
        await store.record(viewed("realtime", 0, null));
        await store.record(viewed("batch", 11, null));
        const { events } = await store.record(viewed("batch", 0, "doc-1"));
        expect(events.map(({ document, sequence }) => [document?.id, sequence])).to.deep.equal([
          ["doc-1", 1],
        ]);
      });

      it("moves a report to another event when a nearer report takes its place", async () => {
        const first = idOf(await store.record(viewed("batch", 0)));
        const moving = viewed("realtime", 43);
        await store.record(moving);
        const second = idOf(await store.record(viewed("batch", 40)));
        expect((await store.record(viewed("realtime", 3))).events).to.deep.equal([]);
        const receiptsOfDuplicates = async (id: string) =>
          (await store.findEvent(id))?.duplicates.map(({ receipt }) => receipt);
        expect(await receiptsOfDuplicates(second)).to.deep.equal([moving.receipt.id]);
        expect(await receiptsOfDuplicates(first)).not.to.include(moving.receipt.id);
      });

      it("drops coalesced reports with their pruned event, and still recognises them", async () => {
        await store.record(viewed("realtime", 0, "doc-1", { subscribers: [] }));
        await store.record(viewed("batch", 3, "doc-1", { subscribers: [] }));
        await store.prune({ table: "events", before: NEW_YEAR + 1, limit: 10 });
        const snapshot = await store.snapshot();
        const { items } = await snapshot.rows("tombstones", PAGE);
        await snapshot.close();
        expect(items.flatMap(({ channelKeys }) => channelKeys.map(({ origin }) => origin))).to.deep.equal([
          null,
        ]);
        expect(await store.record(viewed("batch", 3))).to.deep.include({ events: [] });
        await store.prune({ table: "tombstones", before: NEW_YEAR + 1, limit: 10 });
        expect((await store.record(viewed("batch", 3))).events).to.have.length(1);
      });

      it("gives a signer's event the document that an earlier request named for the signer", async () => {
        await store.record(aRecordRequest([aDraft({ type: "document.sent", signers: [aSigner("ann")] })]));
        const draft = aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") });
        const event = only((await store.record(aRecordRequest([draft]))).events);
        expect(event.document).to.include({ id: "doc-1", status: "sent" });
        expect(event.sequence).to.equal(2);
      });

      it("shows each request about a document the result of the one before", async () => {
        const types: KnownType[] = ["document.created", "document.sent", "document.completed"];
        await Promise.all(types.map((type) => store.record(aRecordRequest(draftsOf("doc-1", type)))));
        const { items } = await store.findEvents({ document: "doc-1" }, PAGE);
        expect(items.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3]);
      });
    });

    describe("claim", () => {
      it("leases due deliveries, the earliest first, those of one moment in the order recorded", async () => {
        const later = aReceipt({ receivedAt: NEW_YEAR + 5 });
        await store.record(aRecordRequest(draftsOf("late", "document.sent"), { receipt: later }));
        for (const document of ["a", "b", "c"])
          await store.record(aRecordRequest(draftsOf(document, "document.sent")));
        const leases = await claim(10, NEW_YEAR + 5);
        expect(leases.map(({ event }) => event.document?.id)).to.deep.equal(["a", "b", "c", "late"]);
      });

      it("shows whether a delivery is leased", async () => {
        await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        const isLeased = async (event: string) => (await store.findEvent(event))?.deliveries[0]?.leased;
        const first = only(await claim());
        const { event } = first.delivery;
        expect(await isLeased(event)).to.equal(true);
        await store.release([first], NEW_YEAR);
        expect(await isLeased(event)).to.equal(false);
        await settle(only(await claim()));
        expect(await isLeased(event)).to.equal(false);
      });

      it("leases nothing before it is due, and nothing that is already leased", async () => {
        await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        expect(await claim(10, NEW_YEAR - 1)).to.have.length(0);
        expect(await claim()).to.have.length(1);
        expect(await claim()).to.have.length(0);
      });

      it("leases no more than asked for", async () => {
        for (const document of ["a", "b", "c"])
          await store.record(aRecordRequest(draftsOf(document, "document.sent")));
        expect(await claim(2)).to.have.length(2);
        expect(await claim(2)).to.have.length(1);
      });

      it("leases a delivery again when its lease has expired, as after a crash", async () => {
        await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
        const first = only(await claim());
        expect(await store.nextDueAt("crm")).to.equal(NEW_YEAR + 60_000);
        const second = only(await claim(10, NEW_YEAR + 60_000));
        expect(second.delivery.id).to.equal(first.delivery.id);
        expect(second.token).not.to.equal(first.token);
      });

      it("leases one delivery of each document at a time, in order", async () => {
        await store.record(
          aRecordRequest(draftsOf("a", "document.created", "document.sent", "document.completed")),
        );
        await store.record(aRecordRequest(draftsOf("b", "document.sent")));
        const types: string[] = [];
        let leases = await claim();
        expect(leases.map(({ event }) => event.document?.id)).to.deep.equal(["a", "b"]);
        while (leases.length > 0) {
          types.push(
            ...leases.filter(({ event }) => event.document?.id === "a").map(({ event }) => event.type),
          );
          for (const lease of leases) await settle(lease);
          leases = await claim();
        }
        expect(types).to.deep.equal(["document.created", "document.sent", "document.completed"]);
      });

      it("leases everything at once for a destination without ordering", async () => {
        const subscribers = [{ ...CRM, ordering: "none" as const }];
        await store.record(
          aRecordRequest(draftsOf("a", "document.created", "document.sent"), { subscribers }),
        );
        expect(await claim()).to.have.length(2);
      });
    });

    describe("settle", () => {
      it("stores the attempt and ends the delivery", async () => {
        const event = idOf(await store.record(aRecordRequest(draftsOf("doc-1", "document.sent"))));
        expect(await settle(only(await claim()))).to.equal(true);
        const history = await store.findEvent(event);
        expect(history?.deliveries[0]).to.deep.include({ status: "delivered", attempts: 1, dueAt: null });
        expect(history?.deliveries[0]?.history).to.deep.equal([anAttempt()]);
        expect(await store.nextDueAt("crm")).to.equal(null);
      });

      it("returns false and writes nothing for a lease that another worker took over", async () => {
        const event = idOf(await store.record(aRecordRequest(draftsOf("doc-1", "document.sent"))));
        const old = only(await claim());
        const current = only(await claim(10, NEW_YEAR + 60_000));
        expect(await settle(old)).to.equal(false);
        expect((await store.findEvent(event))?.deliveries[0]?.history).to.have.length(0);
        expect(await settle(current)).to.equal(true);
        expect(await settle(current)).to.equal(false);
      });

      it("postpones a failed delivery without letting the next of its lane pass", async () => {
        await store.record(aRecordRequest(draftsOf("a", "document.created", "document.sent")));
        await settle(only(await claim()), { status: "pending", dueAt: NEW_YEAR + 5_000 });
        expect(await claim(10, NEW_YEAR + 4_999)).to.have.length(0);
        const again = only(await claim(10, NEW_YEAR + 5_000));
        expect(again.event.type).to.equal("document.created");
        expect(again.delivery.attempts).to.equal(1);
      });

      it("leases the next of the lane when one is parked", async () => {
        await store.record(aRecordRequest(draftsOf("a", "document.created", "document.sent")));
        await settle(only(await claim()), { status: "parked", reason: "schedule_exhausted" });
        const next = only(await claim());
        expect(next.event.type).to.equal("document.sent");
      });

      it("leases from a lane again that was empty in between", async () => {
        await store.record(aRecordRequest(draftsOf("a", "document.created")));
        await settle(only(await claim()));
        await store.record(aRecordRequest(draftsOf("a", "document.sent")));
        expect(await claim()).to.have.length(1);
      });
    });

    describe("bringForward", () => {
      const HOUR = 3_600_000;
      const ahead = NEW_YEAR + 6 * HOUR;
      const setBack = () => store.bringForward({ destination: "crm", now: NEW_YEAR, lease: 60_000 });

      it("makes deliveries due that were recorded, attempted or leased by a clock ahead", async () => {
        const receipt = aReceipt({ receivedAt: ahead });
        await store.record(
          aRecordRequest(draftsOf("recorded", "document.created", "document.sent"), { receipt }),
        );
        for (const document of ["attempted", "leased"])
          await store.record(aRecordRequest(draftsOf(document, "document.sent")));
        const attempted = only(await claim(1));
        await store.settle({
          token: attempted.token,
          attempt: anAttempt({ startedAt: ahead }),
          outcome: { status: "pending", dueAt: ahead + HOUR },
          at: ahead,
        });
        only(await store.claim({ destination: "crm", limit: 1, now: NEW_YEAR, until: ahead + 60_000 }));
        expect(await claim()).to.have.length(0);
        expect(await setBack()).to.equal(4);
        expect((await claim()).map(({ event }) => event.document?.id)).to.have.members([
          "recorded",
          "attempted",
          "leased",
        ]);
      });

      it("leaves deliveries alone that are scheduled, leased or of another destination", async () => {
        await store.record(aRecordRequest(draftsOf("retried", "document.sent")));
        await settle(only(await claim()), { status: "pending", dueAt: NEW_YEAR + 5 * HOUR });
        await store.record(aRecordRequest(draftsOf("leased", "document.sent")));
        only(await claim());
        const subscribers = [{ ...CRM, name: "other" }];
        const receipt = aReceipt({ receivedAt: ahead });
        await store.record(aRecordRequest(draftsOf("other", "document.sent"), { receipt, subscribers }));
        expect(await setBack()).to.equal(0);
        expect(await claim()).to.have.length(0);
      });
    });

    it("releases leases without counting an attempt", async () => {
      await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
      const leases = await claim();
      await store.release(leases, NEW_YEAR);
      expect(only(await claim()).delivery.attempts).to.equal(0);
    });

    it("does not release a lease that another worker took over", async () => {
      await store.record(aRecordRequest(draftsOf("doc-1", "document.sent")));
      const old = await claim();
      const current = only(await claim(10, NEW_YEAR + 60_000));
      await store.release(old, NEW_YEAR);
      expect(await settle(current)).to.equal(true);
    });

    it("parks open deliveries of a destination that was removed, and no others", async () => {
      const subscribers = [CRM, { ...CRM, name: "old" }];
      const { events } = await store.record(
        aRecordRequest(draftsOf("a", "document.created", "document.sent"), { subscribers }),
      );
      expect(await store.parkRemoved(["crm"], NEW_YEAR)).to.equal(2);
      const deliveries = (await store.findEvent(events[0]?.id ?? expect.fail("no event")))?.deliveries ?? [];
      expect(
        deliveries.map(({ destination, status, reason }) => [destination, status, reason]),
      ).to.deep.equal([
        ["crm", "pending", null],
        ["old", "parked", "destination_removed"],
      ]);
    });

    it("counts the backlog of each destination, with the time of its oldest delivery", async () => {
      await store.record(aRecordRequest(draftsOf("a", "document.created", "document.sent")));
      expect(await store.backlog()).to.deep.equal([{ destination: "crm", open: 2, oldest: NEW_YEAR }]);
      await settle(only(await claim()));
      await settle(only(await claim()));
      expect(await store.backlog()).to.deep.equal([]);
    });

    describe("find", () => {
      it("pages through events in the order recorded", async () => {
        const types: KnownType[] = ["document.created", "document.sent", "document.completed"];
        await store.record(aRecordRequest(draftsOf("doc-1", ...types)));
        const first = await store.findEvents({}, { limit: 2 });
        const second = await store.findEvents(
          {},
          { limit: 2, cursor: first.next ?? expect.fail("no second page") },
        );
        expect([...first.items, ...second.items].map(({ type }) => type)).to.deep.equal(types);
        expect(second.next).to.equal(null);
      });

      it("filters events by type, source and document", async () => {
        await store.record(
          aRecordRequest([...draftsOf("a", "document.sent"), ...draftsOf("b", "document.completed")]),
        );
        const types = async (filter: object) =>
          (await store.findEvents(filter, PAGE)).items.map(({ type }) => type);
        expect(await types({ type: "document.sent" })).to.deep.equal(["document.sent"]);
        expect(await types({ document: "b" })).to.deep.equal(["document.completed"]);
        expect(await types({ source: "legalesign" })).to.have.length(2);
        expect(await types({ source: "lumin" })).to.deep.equal([]);
        expect(await types({ document: "b", type: "document.sent" })).to.deep.equal([]);
      });

      it("filters receipts by source, channel and whether there was a problem", async () => {
        const problems = [{ kind: "undecodable" as const, item: null, field: "body", message: "no JSON" }];
        const bad = aReceipt({ problems, channel: "upon" });
        await store.record(aRecordRequest([], { receipt: bad }));
        await store.record(aRecordRequest([]));
        const ids = async (filter: object) =>
          (await store.findReceipts(filter, PAGE)).items.map(({ id }) => id);
        expect(await ids({ problems: true })).to.deep.equal([bad.id]);
        expect(await ids({ channel: "upon" })).to.deep.equal([bad.id]);
        expect(await ids({ source: "legalesign" })).to.have.length(2);
      });

      it("lists documents in the order of their first events, by source, status and id", async () => {
        await store.record(
          aRecordRequest([...draftsOf("a", "document.sent"), ...draftsOf("b", "document.completed")]),
        );
        await store.record(aRecordRequest(draftsOf("a", "document.completed")));
        const ids = async (filter: DocumentFilter) =>
          (await store.findDocuments(filter, PAGE)).items.map(({ id, status }) => `${id} ${status}`);
        expect(await ids({})).to.deep.equal(["a completed", "b completed"]);
        expect(await ids({ id: "b", source: "legalesign" })).to.deep.equal(["b completed"]);
        expect(await ids({ status: "sent" })).to.deep.equal([]);
      });

      it("returns null for ids that do not exist", async () => {
        expect(await store.findEvent("evt_no")).to.equal(null);
        expect(await store.findReceipt("rcp_no")).to.equal(null);
        expect(await store.findDocument("lumin", "no")).to.equal(null);
      });
    });

    describe("replay", () => {
      const PARKED: Outcome = { status: "parked", reason: "gone" };
      const replay = (filter: Partial<ReplayFilter> = {}, page: PageRequest = PAGE, spacing = 0) =>
        store.replay({ destination: "crm", status: "all", ...filter }, page, {
          now: NEW_YEAR + 1_000,
          spacing,
        });
      const settleAll = async (outcome: Outcome) => {
        for (let leases = await claim(); leases.length > 0; leases = await claim()) {
          for (const lease of leases) await settle(lease, outcome);
        }
      };

      it("makes final deliveries due again, in order, and counts their attempts on", async () => {
        await store.record(aRecordRequest(draftsOf("a", "document.created", "document.sent")));
        await settleAll(DELIVERED);
        expect(await store.countReplay({ destination: "crm", status: "all" })).to.equal(2);
        expect(await replay()).to.deep.equal({ replayed: 2, next: null });
        const first = only(await claim(10, NEW_YEAR + 1_000));
        expect(first.event.type).to.equal("document.created");
        expect(first.delivery).to.include({ attempts: 1, replayedAfter: 1 });
        await settle(first);
        const second = only(await claim(10, NEW_YEAR + 1_000));
        expect(second.event.type).to.equal("document.sent");
      });

      it("selects by status, type, document, time and destination, and counts the same", async () => {
        await store.record(
          aRecordRequest([...draftsOf("a", "document.created"), ...draftsOf("b", "document.sent")]),
        );
        await settle(only(await claim(1)), PARKED);
        await settle(only(await claim(1)), DELIVERED);
        const expectReplay = async (filter: Partial<ReplayFilter>, count: number) => {
          expect(await store.countReplay({ destination: "crm", status: "all", ...filter })).to.equal(count);
          expect((await replay(filter)).replayed).to.equal(count);
        };
        await expectReplay({ type: "document.created", document: "b" }, 0);
        await expectReplay({ since: NEW_YEAR + 1 }, 0);
        await expectReplay({ destination: "other" }, 0);
        await expectReplay({ status: "parked" }, 1);
        expect((await claim(10, NEW_YEAR + 1_000)).map(({ event }) => event.type)).to.deep.equal([
          "document.created",
        ]);
        await expectReplay({ status: "delivered", document: "b" }, 1);
      });

      it("replays page by page, and spaces the due times", async () => {
        const subscribers = [{ ...CRM, ordering: "none" as const }];
        await store.record(
          aRecordRequest(draftsOf("a", "document.created", "document.sent", "document.completed"), {
            subscribers,
          }),
        );
        await settleAll(DELIVERED);
        const first = await replay({}, { limit: 2 }, 50);
        expect(first.replayed).to.equal(2);
        expect(await claim(10, NEW_YEAR + 1_000)).to.have.length(1);
        expect(await claim(10, NEW_YEAR + 1_050)).to.have.length(1);
        expect(
          await replay({}, { limit: 2, cursor: first.next ?? expect.fail("no second page") }),
        ).to.deep.equal({
          replayed: 1,
          next: null,
        });
      });

      it("puts a replayed delivery behind the due one of its lane, before the held ones", async () => {
        await store.record(
          aRecordRequest(draftsOf("a", "document.created", "document.sent", "document.completed")),
        );
        await settle(only(await claim()));
        await replay({ type: "document.created" });
        const types: string[] = [];
        for (
          let leases = await claim(10, NEW_YEAR + 1_000);
          leases.length > 0;
          leases = await claim(10, NEW_YEAR + 1_000)
        ) {
          const lease = only(leases);
          types.push(lease.event.type);
          await settle(lease);
        }
        expect(types).to.deep.equal(["document.sent", "document.created", "document.completed"]);
      });
    });

    describe("amend", () => {
      it("adds new events, corrects the receipt, and counts nothing twice", async () => {
        const problems = [{ kind: "missing" as const, item: 1, field: "id", message: "no id" }];
        const receipt = aReceipt({ problems });
        const sent = draftsOf("a", "document.sent");
        const first = await store.record(aRecordRequest(sent, { receipt }));
        const corrected = { ...receipt, problems: [], mapping: "legalesign@sha256:111111111111" };
        const again = () =>
          store.amend(aRecordRequest([...sent, ...draftsOf("b", "document.sent")], { receipt: corrected }));
        const second = await again();
        expect(second.events.map(({ document }) => document?.id)).to.deep.equal(["b"]);
        expect(second.duplicates).to.deep.equal([]);
        expect(await again()).to.deep.equal({ events: [], duplicates: [], destinations: [] });
        const stored = await store.findReceipt(receipt.id);
        expect(stored).to.deep.include({ problems: [], mapping: corrected.mapping, duplicates: [] });
        expect(stored?.events).to.deep.equal([...idsOf(first), ...idsOf(second)]);
        expect((await store.findEvent(idOf(first)))?.duplicates).to.deep.equal([]);
        expect((await store.findReceipts({}, PAGE)).items).to.have.length(1);
      });
    });

    it("counts the receipts that have a problem", async () => {
      const problem = { kind: "missing", item: 0, field: "a", message: "a is missing" } as const;
      expect(await store.countProblems()).to.equal(0);
      for (const problems of [[], [problem], [problem, problem]])
        await store.record(aRecordRequest([], { receipt: aReceipt({ problems }) }));
      expect(await store.countProblems()).to.equal(2);
    });

    it("stores the newest rejections of each channel, byte for byte", async () => {
      const refuse = (id: string, channel: string, body: Uint8Array | null) =>
        store.reject(
          {
            id,
            source: "lumin",
            channel,
            receivedAt: NEW_YEAR,
            query: "a=1",
            headers: { "x-signature": "ab" },
            body,
            reason: "the signature does not match",
            shown: { token: "fingerprint", authorization: null },
          },
          2,
        );
      const bytes = Buffer.from([0xff, 0x00]);
      await refuse("rej_1", "account", bytes);
      await refuse("rej_2", "account", null);
      await refuse("rej_3", "app", bytes);
      await refuse("rej_4", "account", bytes);
      const { items } = await store.findRejections({}, PAGE);
      expect(items.map(({ id }) => id)).to.deep.equal(["rej_2", "rej_3", "rej_4"]);
      expect(items[0]?.body).to.equal(null);
      expect(Buffer.from(items[1]?.body ?? [])).to.deep.equal(bytes);
      expect(items[1]).to.deep.include({
        query: "a=1",
        shown: { token: "fingerprint", authorization: null },
      });
      expect(await store.dropRejection("rej_4")).to.equal(true);
      expect(await store.dropRejection("rej_4")).to.equal(false);
      expect((await store.findRejections({ channel: "account" }, PAGE)).items).to.have.length(1);
    });

    it("lists deliveries by destination, status and reason", async () => {
      await store.record(aRecordRequest(draftsOf("a", "document.created", "document.sent")));
      const lease = only(await claim());
      await settle(lease, { status: "parked", reason: "gone" });
      const statuses = async (filter: DeliveryFilter) =>
        (await store.findDeliveries(filter, PAGE)).items.map(({ status }) => status);
      expect(await statuses({})).to.deep.equal(["parked", "pending"]);
      expect(await statuses({ destination: "crm", status: "parked", reason: "gone" })).to.deep.equal([
        "parked",
      ]);
      expect(await statuses({ reason: "schedule_exhausted" })).to.deep.equal([]);
      expect(await store.findDelivery(lease.delivery.id)).to.include({
        status: "parked",
        reason: "gone",
      });
      expect(await store.findDelivery("dlv_no")).to.equal(null);
    });

    it("stores the pause and the breaker of a destination independently", async () => {
      const paused = { at: NEW_YEAR, reason: "moving house" };
      const breaker = { failures: 3, probeAt: null, probes: 0 };
      await store.saveDestination("crm", { paused });
      await store.saveDestination("crm", { breaker });
      expect(await store.destinations()).to.deep.equal([{ name: "crm", paused, breaker }]);
      await store.saveDestination("crm", { paused: null });
      expect(await store.destinations()).to.deep.equal([{ name: "crm", paused: null, breaker }]);
    });

    it("stores audit entries in order", async () => {
      const entry = { at: NEW_YEAR, caller: "127.0.0.1", reason: "moving", details: { destination: "crm" } };
      await store.addAudit({ ...entry, action: "pause" });
      await store.addAudit({ ...entry, action: "resume" });
      const { items, next } = await store.findAudit({}, { limit: 1 });
      expect(items).to.deep.equal([{ ...entry, action: "pause" }]);
      expect(
        (await store.findAudit({}, { limit: 1, cursor: next ?? expect.fail("no second page") })).items[0],
      ).to.include({
        action: "resume",
      });
    });

    it("resolves a probe while it can be written", () => store.probe());
  });

  describePruning(name, open);
  describeMoving(name, open);
  describeParking(name, open);
  describeParity(name, open);
  describeBatches(name, open);
  describePaging(name, open);
  describeNotes(name, open);
  describeAcknowledging(name, open);
  describeLists(name, open);
  describeDocuments(name, open);
  describeDeliveries(name, open);
  describeRefusing(name, open);
  describeShadow(name, open);
  describeTallies(name, open);
  describeTracing(name, open);
}
