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
import { describeKeeping } from "./contract-keeping.ts";
import { describeMoving } from "./contract-moving.ts";
import { describePaging } from "./contract-paging.ts";
import { describeParking } from "./contract-parking.ts";
import { describeRefusing } from "./contract-refusing.ts";
import { anAttempt } from "./filled.ts";

const DELIVERED: Outcome = { status: "delivered" };
const PAGE = { limit: 100 };

const idsOf = ({ events }: RecordResult) => events.map(({ id }) => id);

/** What a channel tells of one signer's view, in a document or without one. */
function viewedIn(channel: string, seconds: number, document: string | null): RecordRequest {
  const time = NEW_YEAR + seconds * 1_000;
  const named = document === null ? null : aDocument(document);
  const draft = aDraft({ type: "signer.viewed", channel, document: named, signer: aSigner(), time });
  return aRecordRequest([draft], { receipt: aReceipt({ channel }), coalesce: 60_000 });
}

/** Every promise of the port (src/store/store.ts), kept by every adapter: `open` gives an empty store. */
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
        delivery: lease.delivery.id,
        token: lease.token,
        attempt: anAttempt({ number: lease.delivery.attempts + 1 }),
        outcome,
        at: NEW_YEAR,
      });
    const story = (document: string, ...types: KnownType[]) =>
      types.map((type) => aDraft({ type, document: aDocument(document) }));

    describe("record", () => {
      it("keeps the receipt byte for byte", async () => {
        const body = Buffer.from([0xff, 0x00, 0xfe, 0x2b, 0x0d, 0x0a]);
        const receipt = aReceipt({ body, headers: { "x-signature": "ab" }, query: "trigger=signed" });
        await store.record(aRecordRequest([], { receipt }));
        const kept = await store.findReceipt(receipt.id);
        expect(kept?.body && Buffer.from(kept.body)).to.deep.equal(body);
        expect(kept).to.deep.include({ headers: { "x-signature": "ab" }, query: "trigger=signed", size: 6 });
      });

      it("keeps events, documents and deliveries together with the receipt they came of", async () => {
        const receipt = aReceipt();
        const recorded = await store.record(aRecordRequest(story("doc-1", "document.sent"), { receipt }));
        expect(recorded.events).to.have.length(1);
        expect(recorded.destinations).to.deep.equal(["crm"]);
        const history = await store.findEvent(recorded.events[0]?.id ?? "");
        expect(history?.receipt).to.deep.include({ id: receipt.id, events: idsOf(recorded) });
        expect(history?.deliveries).to.have.length(1);
        expect(await store.findDocument("legalesign", "doc-1")).to.deep.include({
          status: "sent",
          sequence: 1,
        });
      });

      it("keeps nothing of a recording whose resolving throws, and all of those beside it", async () => {
        const good = aRecordRequest(story("doc-1", "document.sent"));
        const bad = {
          ...aRecordRequest(story("doc-2", "document.sent")),
          resolve: () => {
            throw new TypeError("broken");
          },
        };
        const [first, second, third] = await Promise.allSettled([
          store.record(good),
          store.record(bad),
          store.record(aRecordRequest(story("doc-3", "document.sent"))),
        ]);
        expect(first?.status).to.equal("fulfilled");
        expect(second?.status === "rejected" && second.reason).to.be.instanceOf(TypeError);
        expect(third?.status).to.equal("fulfilled");
        expect((await store.findReceipts({}, PAGE)).items).to.have.length(2);
        expect(await store.findReceipt(bad.receipt.id)).to.equal(null);
      });

      it("makes one event of a happening told twice, and lists the second report at it", async () => {
        const first = await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const again = aReceipt({ channel: "realtime" });
        const second = await store.record(
          aRecordRequest(story("doc-1", "document.sent"), { receipt: again }),
        );
        expect(second).to.deep.equal({ events: [], duplicates: idsOf(first), destinations: [] });
        const history = await store.findEvent(first.events[0]?.id ?? "");
        expect(history?.duplicates).to.deep.equal([{ receipt: again.id, channel: "realtime", at: NEW_YEAR }]);
        expect(history?.deliveries).to.have.length(1);
        expect(await store.findReceipt(again.id)).to.deep.include({ events: [], duplicates: idsOf(first) });
      });

      it("calls nothing a repeat that the request itself told first", async () => {
        const twice = aRecordRequest([
          ...story("doc-1", "document.sent"),
          ...story("doc-1", "document.sent"),
        ]);
        const { events, duplicates } = await store.record(twice);
        expect(events).to.have.length(1);
        expect(duplicates).to.deep.equal([]);
        expect((await store.findEvent(events[0]?.id ?? ""))?.duplicates).to.deep.equal([]);
        expect(await store.findReceipt(twice.receipt.id)).to.deep.include({ duplicates: [] });
      });

      it("makes one event of a hundred identical requests at the same instant", async () => {
        const recorded = await Promise.all(
          Array.from({ length: 100 }, () => store.record(aRecordRequest(story("doc-1", "document.sent")))),
        );
        expect(recorded.filter(({ events }) => events.length === 1)).to.have.length(1);
        expect((await store.findEvents({}, PAGE)).items).to.have.length(1);
      });

      it("recognises a report again whose signer was found by what was known", async () => {
        const signers = [aSigner("ann", { status: "signed" }), aSigner("bob")];
        const signed = aDraft({ type: "signer.signed", signers });
        await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const first = await store.record(aRecordRequest([signed]));
        const second = await store.record(aRecordRequest([signed]));
        expect((await store.findEvent(first.events[0]?.id ?? ""))?.event.signer?.id).to.equal("ann");
        expect(second).to.deep.include({ events: [], duplicates: idsOf(first) });
      });

      it("makes one event of a happening that two channels tell with clocks that differ, and knows each report again", async () => {
        const viewed = (channel: string, seconds: number) =>
          aRecordRequest(
            [aDraft({ type: "signer.viewed", channel, signer: aSigner(), time: NEW_YEAR + seconds * 1_000 })],
            {
              receipt: aReceipt({ channel }),
              coalesce: 600_000,
            },
          );
        const first = await store.record(viewed("batch", 0));
        const duplicates = idsOf(first);
        expect(await store.record(viewed("realtime", 4))).to.deep.include({ events: [], duplicates });
        expect(await store.record(viewed("realtime", 4))).to.deep.include({ events: [], duplicates });
        expect((await store.record(viewed("realtime", 60))).events).to.have.length(1);
        const history = await store.findEvent(duplicates[0] ?? "");
        expect(history?.duplicates.map(({ channel }) => channel)).to.deep.equal(["realtime", "realtime"]);
      });

      it("makes as many events as happenings in every order in which two channels tell two, one by one or at once", async () => {
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
            const told = [...order, ...order].map(({ channel, at }) => {
              const time = NEW_YEAR + at * 1_000;
              const draft = aDraft({ type: "signer.viewed", channel, document, signer, time });
              return aRecordRequest([draft], { receipt: aReceipt({ channel }), coalesce: 60_000 });
            });
            if (atOnce) await Promise.all(told.map(store.record));
            else for (const one of told) await store.record(one);
            const { items } = await store.findEvents({ document: document.id }, PAGE);
            const shown = order.map(({ channel, at }) => `${channel} ${at}`).join(", ");
            expect(items, `${shown}${atOnce ? ", at once" : ""}`).to.have.length(2);
          }
        }
      });

      it("makes an event, with deliveries, of what was taken for another once its channel tells that one too", async () => {
        const viewed = (channel: string, seconds: number) =>
          aRecordRequest(
            [aDraft({ type: "signer.viewed", channel, signer: aSigner(), time: NEW_YEAR + seconds * 1_000 })],
            { receipt: aReceipt({ channel }), coalesce: 60_000 },
          );
        await store.record(viewed("realtime", 30));
        const merged = viewed("batch", 0);
        expect((await store.record(merged)).events).to.deep.equal([]);
        const { events, duplicates, destinations } = await store.record(viewed("batch", 30));
        expect(events.map(({ time }) => time)).to.deep.equal([new Date(NEW_YEAR).toISOString()]);
        expect(events[0]?.provenance.receipt).to.equal(merged.receipt.id);
        expect(duplicates).to.have.length(1);
        expect(destinations).to.deep.equal(["crm"]);
        expect((await store.record(viewed("batch", 0))).events).to.deep.equal([]);
        const history = await store.findEvent(events[0]?.id ?? "");
        expect(history?.receipt?.id).to.equal(merged.receipt.id);
        const other = await store.findEvent(duplicates[0] ?? "");
        expect(other?.duplicates.map(({ receipt }) => receipt)).not.to.include(merged.receipt.id);
      });

      it("gives what was taken for another the document that it named, and the next number in it", async () => {
        await store.record(aRecordRequest(story("doc-1", "document.sent")));
        await store.record(viewedIn("batch", 0, "doc-2"));
        await store.record(viewedIn("realtime", 11, "doc-1"));
        const { events } = await store.record(viewedIn("realtime", 0, "doc-2"));
        expect(events.map(({ document, sequence }) => [document?.id, sequence])).to.deep.equal([
          ["doc-1", 2],
        ]);
        expect(await store.findDocument("legalesign", "doc-1")).to.include({ sequence: 2, status: "sent" });
      });

      it("gives what was taken for another, and named no document, the one that its signer belongs to", async () => {
        await store.record(viewedIn("realtime", 0, null));
        await store.record(viewedIn("batch", 11, null));
        const { events } = await store.record(viewedIn("batch", 0, "doc-1"));
        expect(events.map(({ document, sequence }) => [document?.id, sequence])).to.deep.equal([
          ["doc-1", 1],
        ]);
      });

      it("lists a report at the event that it moves to when a nearer one takes its place", async () => {
        const viewed = (channel: string, seconds: number) =>
          aRecordRequest(
            [aDraft({ type: "signer.viewed", channel, signer: aSigner(), time: NEW_YEAR + seconds * 1_000 })],
            { receipt: aReceipt({ channel }), coalesce: 60_000 },
          );
        const [first] = (await store.record(viewed("batch", 0))).events;
        const moving = viewed("realtime", 43);
        await store.record(moving);
        const [second] = (await store.record(viewed("batch", 40))).events;
        expect((await store.record(viewed("realtime", 3))).events).to.deep.equal([]);
        const retoldOf = async (id = "") =>
          (await store.findEvent(id))?.duplicates.map(({ receipt }) => receipt);
        expect(await retoldOf(second?.id)).to.deep.equal([moving.receipt.id]);
        expect(await retoldOf(first?.id)).not.to.include(moving.receipt.id);
      });

      it("keeps nothing of what was merged once the event is removed, and still knows it again", async () => {
        const viewed = (channel: string, seconds: number) =>
          aRecordRequest(
            [aDraft({ type: "signer.viewed", channel, signer: aSigner(), time: NEW_YEAR + seconds * 1_000 })],
            { receipt: aReceipt({ channel }), coalesce: 60_000, subscribers: [] },
          );
        await store.record(viewed("realtime", 0));
        await store.record(viewed("batch", 3));
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

      it("gives a signer's event the document that an earlier post named for the signer", async () => {
        await store.record(aRecordRequest([aDraft({ type: "document.sent", signers: [aSigner("ann")] })]));
        const viewed = aDraft({ type: "signer.viewed", document: null, signer: aSigner("ann") });
        const [event] = (await store.record(aRecordRequest([viewed]))).events;
        expect(event?.document).to.include({ id: "doc-1", status: "sent" });
        expect(event?.sequence).to.equal(2);
      });

      it("shows each recording of a document what the one before left", async () => {
        const types: KnownType[] = ["document.created", "document.sent", "document.completed"];
        await Promise.all(types.map((type) => store.record(aRecordRequest(story("doc-1", type)))));
        const { items } = await store.findEvents({ document: "doc-1" }, PAGE);
        expect(items.map(({ sequence }) => sequence)).to.deep.equal([1, 2, 3]);
      });
    });

    describe("claim", () => {
      it("leases what is due, earliest first, and of the same moment in the order recorded", async () => {
        const later = aReceipt({ receivedAt: NEW_YEAR + 5 });
        await store.record(aRecordRequest(story("late", "document.sent"), { receipt: later }));
        for (const document of ["a", "b", "c"])
          await store.record(aRecordRequest(story(document, "document.sent")));
        const leases = await claim(10, NEW_YEAR + 5);
        expect(leases.map(({ event }) => event.document?.id)).to.deep.equal(["a", "b", "c", "late"]);
      });

      it("says of a delivery of an event whether it is leased", async () => {
        await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const isLeased = async (event: string) => (await store.findEvent(event))?.deliveries[0]?.leased;
        const [first] = await claim();
        const event = first?.delivery.event ?? "";
        expect(await isLeased(event)).to.equal(true);
        await store.release(first ? [first] : [], NEW_YEAR);
        expect(await isLeased(event)).to.equal(false);
        for (const lease of await claim()) await settle(lease);
        expect(await isLeased(event)).to.equal(false);
      });

      it("leases nothing before it is due, and nothing that is leased", async () => {
        await store.record(aRecordRequest(story("doc-1", "document.sent")));
        expect(await claim(10, NEW_YEAR - 1)).to.have.length(0);
        expect(await claim()).to.have.length(1);
        expect(await claim()).to.have.length(0);
      });

      it("leases no more than asked for", async () => {
        for (const document of ["a", "b", "c"])
          await store.record(aRecordRequest(story(document, "document.sent")));
        expect(await claim(2)).to.have.length(2);
        expect(await claim(2)).to.have.length(1);
      });

      it("leases a delivery again when its lease has ended without an answer, as after a crash", async () => {
        await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const [first] = await claim();
        expect(await store.nextDueAt("crm")).to.equal(NEW_YEAR + 60_000);
        const [second] = await claim(10, NEW_YEAR + 60_000);
        expect(second?.delivery.id).to.equal(first?.delivery.id);
        expect(second?.token).not.to.equal(first?.token);
      });

      it("leases one of a document's deliveries at a time, in order, and other documents' meanwhile", async () => {
        await store.record(
          aRecordRequest(story("a", "document.created", "document.sent", "document.completed")),
        );
        await store.record(aRecordRequest(story("b", "document.sent")));
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

      it("leases everything at once to a destination that does not ask for order", async () => {
        const subscribers = [{ ...CRM, ordering: "none" as const }];
        await store.record(aRecordRequest(story("a", "document.created", "document.sent"), { subscribers }));
        expect(await claim()).to.have.length(2);
      });
    });

    describe("settle", () => {
      it("writes the try down and ends the delivery", async () => {
        const { events } = await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const [lease] = await claim();
        expect(lease && (await settle(lease))).to.equal(true);
        const history = await store.findEvent(events[0]?.id ?? "");
        expect(history?.deliveries[0]).to.deep.include({ status: "delivered", attempts: 1, dueAt: null });
        expect(history?.deliveries[0]?.history).to.deep.equal([anAttempt()]);
        expect(await store.nextDueAt("crm")).to.equal(null);
      });

      it("is false for a lease that somebody else has by now, and writes nothing", async () => {
        const { events } = await store.record(aRecordRequest(story("doc-1", "document.sent")));
        const [old] = await claim();
        const [current] = await claim(10, NEW_YEAR + 60_000);
        expect(old && (await settle(old))).to.equal(false);
        expect((await store.findEvent(events[0]?.id ?? ""))?.deliveries[0]?.history).to.have.length(0);
        expect(current && (await settle(current))).to.equal(true);
        expect(current && (await settle(current))).to.equal(false);
      });

      it("puts a failed delivery off without letting the next of its lane pass", async () => {
        await store.record(aRecordRequest(story("a", "document.created", "document.sent")));
        const [lease] = await claim();
        if (lease) await settle(lease, { status: "pending", dueAt: NEW_YEAR + 5_000 });
        expect(await claim(10, NEW_YEAR + 4_999)).to.have.length(0);
        const [again] = await claim(10, NEW_YEAR + 5_000);
        expect(again?.event.type).to.equal("document.created");
        expect(again?.delivery.attempts).to.equal(1);
      });

      it("lets the next of the lane go when one is parked", async () => {
        await store.record(aRecordRequest(story("a", "document.created", "document.sent")));
        const [lease] = await claim();
        if (lease) await settle(lease, { status: "parked", reason: "schedule_exhausted" });
        const [next] = await claim();
        expect(next?.event.type).to.equal("document.sent");
      });

      it("lets a lane go on that was emptied before", async () => {
        await store.record(aRecordRequest(story("a", "document.created")));
        for (const lease of await claim()) await settle(lease);
        await store.record(aRecordRequest(story("a", "document.sent")));
        expect(await claim()).to.have.length(1);
      });
    });

    describe("bringForward", () => {
      const HOUR = 3_600_000;
      const ahead = NEW_YEAR + 6 * HOUR;
      const setBack = () => store.bringForward({ destination: "crm", now: NEW_YEAR, lease: 60_000 });

      it("makes due what was recorded, tried or leased while the clock was ahead", async () => {
        const receipt = aReceipt({ receivedAt: ahead });
        await store.record(
          aRecordRequest(story("recorded", "document.created", "document.sent"), { receipt }),
        );
        for (const document of ["tried", "leased"])
          await store.record(aRecordRequest(story(document, "document.sent")));
        const [tried, leased] = (await claim(10, NEW_YEAR)).map((lease) => lease);
        if (tried)
          await store.settle({
            delivery: tried.delivery.id,
            token: tried.token,
            attempt: anAttempt({ startedAt: ahead }),
            outcome: { status: "pending", dueAt: ahead + HOUR },
            at: ahead,
          });
        if (leased) await store.release([leased], NEW_YEAR);
        await store.claim({ destination: "crm", limit: 1, now: NEW_YEAR, until: ahead + 60_000 });
        expect(await claim()).to.have.length(0);
        expect(await setBack()).to.equal(4);
        expect((await claim()).map(({ event }) => event.document?.id)).to.have.members([
          "recorded",
          "tried",
          "leased",
        ]);
      });

      it("leaves alone what waits for its own time, what is out, and what is another destination's", async () => {
        await store.record(aRecordRequest(story("retried", "document.sent")));
        const [lease] = await claim();
        if (lease) await settle(lease, { status: "pending", dueAt: NEW_YEAR + 5 * HOUR });
        await store.record(aRecordRequest(story("out", "document.sent")));
        await claim();
        const subscribers = [{ ...CRM, name: "other" }];
        const receipt = aReceipt({ receivedAt: ahead });
        await store.record(aRecordRequest(story("other", "document.sent"), { receipt, subscribers }));
        expect(await setBack()).to.equal(0);
        expect(await claim()).to.have.length(0);
      });
    });

    it("gives leases back without counting a try", async () => {
      await store.record(aRecordRequest(story("doc-1", "document.sent")));
      const leases = await claim();
      await store.release(leases, NEW_YEAR);
      const [again] = await claim();
      expect(again?.delivery.attempts).to.equal(0);
    });

    it("does not take back a lease that somebody else has by now", async () => {
      await store.record(aRecordRequest(story("doc-1", "document.sent")));
      const old = await claim();
      const [current] = await claim(10, NEW_YEAR + 60_000);
      await store.release(old, NEW_YEAR);
      expect(current && (await settle(current))).to.equal(true);
    });

    it("parks what is open for a destination that is no longer configured, and nothing else", async () => {
      const subscribers = [CRM, { ...CRM, name: "old" }];
      const { events } = await store.record(
        aRecordRequest(story("a", "document.created", "document.sent"), { subscribers }),
      );
      expect(await store.parkRemoved(["crm"])).to.equal(2);
      const deliveries = (await store.findEvent(events[0]?.id ?? ""))?.deliveries ?? [];
      expect(
        deliveries.map(({ destination, status, reason }) => [destination, status, reason]),
      ).to.deep.equal([
        ["crm", "pending", null],
        ["old", "parked", "destination_removed"],
      ]);
    });

    it("knows how much waits for each destination, and since when", async () => {
      await store.record(aRecordRequest(story("a", "document.created", "document.sent")));
      expect(await store.backlog()).to.deep.equal([{ destination: "crm", open: 2, oldest: NEW_YEAR }]);
      for (const lease of await claim()) await settle(lease);
      for (const lease of await claim()) await settle(lease);
      expect(await store.backlog()).to.deep.equal([]);
    });

    describe("find", () => {
      it("pages through events in the order recorded", async () => {
        const types: KnownType[] = ["document.created", "document.sent", "document.completed"];
        await store.record(aRecordRequest(story("doc-1", ...types)));
        const first = await store.findEvents({}, { limit: 2 });
        const second = await store.findEvents({}, { limit: 2, cursor: first.next ?? "" });
        expect([...first.items, ...second.items].map(({ type }) => type)).to.deep.equal(types);
        expect(second.next).to.equal(null);
      });

      it("filters events by type, source and document", async () => {
        await store.record(
          aRecordRequest([...story("a", "document.sent"), ...story("b", "document.completed")]),
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

      it("lists documents in the order first heard of, by source, status and id", async () => {
        await store.record(
          aRecordRequest([...story("a", "document.sent"), ...story("b", "document.completed")]),
        );
        await store.record(aRecordRequest(story("a", "document.completed")));
        const ids = async (filter: DocumentFilter) =>
          (await store.findDocuments(filter, PAGE)).items.map(({ id, status }) => `${id} ${status}`);
        expect(await ids({})).to.deep.equal(["a completed", "b completed"]);
        expect(await ids({ id: "b", source: "legalesign" })).to.deep.equal(["b completed"]);
        expect(await ids({ status: "sent" })).to.deep.equal([]);
      });

      it("answers null for what there is not", async () => {
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

      it("makes what is final due again, in order, with the tries it has had", async () => {
        await store.record(aRecordRequest(story("a", "document.created", "document.sent")));
        await settleAll(DELIVERED);
        expect(await store.countReplay({ destination: "crm", status: "all" })).to.equal(2);
        expect(await replay()).to.deep.equal({ replayed: 2, next: null });
        const [first, ...others] = await claim(10, NEW_YEAR + 1_000);
        expect(others).to.deep.equal([]);
        expect(first?.event.type).to.equal("document.created");
        expect(first?.delivery).to.include({ attempts: 1, replayedAfter: 1 });
        if (first) await settle(first);
        const [second] = await claim(10, NEW_YEAR + 1_000);
        expect(second?.event.type).to.equal("document.sent");
      });

      it("chooses by status, type, document and time, and counts the same", async () => {
        await store.record(
          aRecordRequest([...story("a", "document.created"), ...story("b", "document.sent")]),
        );
        const [one, two] = await claim();
        if (one) await settle(one, PARKED);
        if (two) await settle(two, DELIVERED);
        const counts = async (filter: Partial<ReplayFilter>) =>
          store.countReplay({ destination: "crm", status: "all", ...filter });
        expect(await counts({ status: "parked" })).to.equal(1);
        expect(await counts({ status: "delivered", document: "b" })).to.equal(1);
        expect(await counts({ type: "document.created", document: "b" })).to.equal(0);
        expect(await counts({ since: NEW_YEAR + 1 })).to.equal(0);
        expect(await counts({ destination: "other" })).to.equal(0);
        expect((await replay({ status: "parked" })).replayed).to.equal(1);
        expect((await claim(10, NEW_YEAR + 1_000)).map(({ event }) => event.type)).to.deep.equal([
          "document.created",
        ]);
      });

      it("goes page by page, and spaces what it replays", async () => {
        const subscribers = [{ ...CRM, ordering: "none" as const }];
        await store.record(
          aRecordRequest(story("a", "document.created", "document.sent", "document.completed"), {
            subscribers,
          }),
        );
        await settleAll(DELIVERED);
        const first = await replay({}, { limit: 2 }, 50);
        expect(first.replayed).to.equal(2);
        expect(await claim(10, NEW_YEAR + 1_000)).to.have.length(1);
        expect(await claim(10, NEW_YEAR + 1_050)).to.have.length(1);
        expect(await replay({}, { limit: 2, cursor: first.next ?? "" })).to.deep.equal({
          replayed: 1,
          next: null,
        });
      });

      it("lets a redelivery go before what waits in its lane, one at a time", async () => {
        await store.record(
          aRecordRequest(story("a", "document.created", "document.sent", "document.completed")),
        );
        const [created] = await claim();
        if (created) await settle(created);
        await replay({ type: "document.created" });
        const types: string[] = [];
        for (
          let leases = await claim(10, NEW_YEAR + 1_000);
          leases.length > 0;
          leases = await claim(10, NEW_YEAR + 1_000)
        ) {
          expect(leases).to.have.length(1);
          for (const lease of leases) {
            types.push(lease.event.type);
            await settle(lease);
          }
        }
        expect(types).to.deep.equal(["document.sent", "document.created", "document.completed"]);
      });
    });

    describe("amend", () => {
      it("adds what is new, mends the receipt, and counts nothing twice", async () => {
        const problems = [{ kind: "missing" as const, item: 1, field: "id", message: "no id" }];
        const receipt = aReceipt({ problems });
        const sent = story("a", "document.sent");
        const first = await store.record(aRecordRequest(sent, { receipt }));
        const mended = { ...receipt, problems: [], mapping: "legalesign@sha256:111111111111" };
        const again = () =>
          store.amend(aRecordRequest([...sent, ...story("b", "document.sent")], { receipt: mended }));
        const second = await again();
        expect(second.events.map(({ document }) => document?.id)).to.deep.equal(["b"]);
        expect(second.duplicates).to.deep.equal([]);
        expect(await again()).to.deep.equal({ events: [], duplicates: [], destinations: [] });
        const kept = await store.findReceipt(receipt.id);
        expect(kept).to.deep.include({ problems: [], mapping: mended.mapping, duplicates: [] });
        expect(kept?.events).to.deep.equal([...idsOf(first), ...idsOf(second)]);
        expect((await store.findEvent(idsOf(first)[0] ?? ""))?.duplicates).to.deep.equal([]);
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

    it("keeps the newest refused requests of each channel, byte for byte", async () => {
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
      await store.record(aRecordRequest(story("a", "document.created", "document.sent")));
      const [lease] = await claim();
      if (lease) await settle(lease, { status: "parked", reason: "gone" });
      const statuses = async (filter: DeliveryFilter) =>
        (await store.findDeliveries(filter, PAGE)).items.map(({ status }) => status);
      expect(await statuses({})).to.deep.equal(["parked", "pending"]);
      expect(await statuses({ destination: "crm", status: "parked", reason: "gone" })).to.deep.equal([
        "parked",
      ]);
      expect(await statuses({ reason: "schedule_exhausted" })).to.deep.equal([]);
      expect(await store.findDelivery(lease?.delivery.id ?? "")).to.include({
        status: "parked",
        reason: "gone",
      });
      expect(await store.findDelivery("dlv_no")).to.equal(null);
    });

    it("keeps what it is told of a destination, one thing without the other", async () => {
      const paused = { at: NEW_YEAR, reason: "moving house" };
      const breaker = { failures: 3, probeAt: null, probes: 0 };
      await store.saveDestination("crm", { paused });
      await store.saveDestination("crm", { breaker });
      expect(await store.destinations()).to.deep.equal([{ name: "crm", paused, breaker }]);
      await store.saveDestination("crm", { paused: null });
      expect(await store.destinations()).to.deep.equal([{ name: "crm", paused: null, breaker }]);
    });

    it("keeps what people changed, in order", async () => {
      const entry = { at: NEW_YEAR, caller: "127.0.0.1", reason: "moving", details: { destination: "crm" } };
      await store.addAudit({ ...entry, action: "pause" });
      await store.addAudit({ ...entry, action: "resume" });
      const { items, next } = await store.findAudit({ limit: 1 });
      expect(items).to.deep.equal([{ ...entry, action: "pause" }]);
      expect((await store.findAudit({ limit: 1, cursor: next ?? "" })).items[0]).to.include({
        action: "resume",
      });
    });

    it("can be written to", () => store.probe());
  });

  describeKeeping(name, open);
  describeMoving(name, open);
  describeParking(name, open);
  describePaging(name, open);
  describeRefusing(name, open);
}
