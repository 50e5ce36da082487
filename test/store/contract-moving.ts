import { expect } from "chai";
import { unknownDocument } from "../../src/domain/document.ts";
import type { KnownType } from "../../src/domain/event.ts";
import { type Rows, TABLES, type Table } from "../../src/store/rows.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { only } from "../support/only.ts";
import {
  type Contents,
  claim,
  contentsOf,
  deliverAll,
  fillStore,
  pruneAll,
  restoreAll,
  restoreTable,
  rowsOf,
  settle,
} from "./filled.ts";

const HOUR = 3_600_000;
const PAGE = { limit: 100 };

/** Snapshot and restore, on each adapter. `open` returns an empty store. */
export function describeMoving(name: string, open: () => Promise<Store>): void {
  describe(`the ${name} store, when it is moved`, () => {
    const opened: Store[] = [];
    const openOne = async () => {
      const store = await open();
      opened.push(store);
      return store;
    };
    let store: Store;
    let filled: Awaited<ReturnType<typeof fillStore>>;
    beforeEach(async () => {
      store = await openOne();
      filled = await fillStore(store);
    });
    afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

    const failureOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);
    const total = (contents: Contents) => TABLES.reduce((sum, table) => sum + contents[table].length, 0);

    describe("a snapshot", () => {
      it("shows rows of every table, and counts them", async () => {
        const snapshot = await store.snapshot();
        const contents = await rowsOf(snapshot);
        const counts = await snapshot.counts();
        await snapshot.close();
        for (const table of TABLES) {
          expect(contents[table], table).not.to.deep.equal([]);
          expect(counts[table], table).to.equal(contents[table].length);
        }
      });

      it("shows rows in the form that is independent of a database", async () => {
        const {
          receipts,
          rejections,
          events,
          tombstones,
          documents,
          deliveries,
          destinations,
          links,
          audit,
        } = await contentsOf(store);
        const odd = receipts.find(({ receipt }) => receipt.query === "a=ü&b=%00");
        expect(odd?.body).to.equal(Buffer.from([0xff, 0x00, 0xfe, 0x2b, 0x0d, 0x0a]).toString("base64"));
        expect(odd?.receipt).to.deep.include({ size: 6, events: [] });
        expect(odd?.receipt).not.to.have.property("body");
        expect(rejections.map(({ body }) => body)).to.deep.equal([odd?.body, null]);
        expect(rejections[0]?.rejection).not.to.have.property("body");
        const viewed = events.find(({ event }) => event.type === "signer.viewed");
        expect(viewed).to.include({ at: NEW_YEAR });
        expect([viewed?.channelKeys.length, viewed?.duplicates.length]).to.deep.equal([3, 3]);
        expect(viewed?.channelKeys[0]).to.have.nested.property("origin.draft.type", "signer.viewed");
        expect(viewed?.coalesceKey).to.match(/^evt_/);
        expect(events.find(({ event }) => event.document?.id === "a")?.duplicates).to.have.length(2);
        expect(tombstones.map(({ dedupeKeys }) => dedupeKeys.length).sort()).to.deep.equal([0, 1, 1]);
        expect(documents.find(({ document }) => document.id === "a")?.changedAt).to.equal(NEW_YEAR);
        expect(links).to.deep.include({ source: "legalesign", signer: "séb", document: "a" });
        expect(destinations.map(({ state }) => state.name)).to.deep.equal(["archive", "old"]);
        expect(audit.map(({ entry }) => entry.action)).to.deep.equal(["pause", "replay"]);
        const leased = deliveries.find(({ delivery }) => delivery.id === filled.lease.delivery.id);
        const token = filled.lease.token.replace(`${leased?.position}.`, "");
        expect(leased).to.deep.include({ token, recordedAt: NEW_YEAR, history: [] });
        expect(leased?.delivery).to.deep.equal(filled.lease.delivery);
        expect(deliveries.some(({ delivery }) => delivery.replayedAfter === 1)).to.equal(true);
      });

      it("shows rows in their order, with pages of any length", async () => {
        const contents = await contentsOf(store, 1_000);
        expect(await contentsOf(store, 1)).to.deep.equal(contents);
        const { links, destinations: _, tallies, notes, ...recorded } = contents;
        for (const rows of Object.values(recorded)) {
          const positions = rows.map(({ position }) => position);
          expect(positions).to.deep.equal([...new Set(positions)].sort((a, b) => a - b));
        }
        for (const { dedupeKeys } of [...contents.events, ...contents.tombstones])
          expect(dedupeKeys).to.deep.equal([...dedupeKeys].sort());
        for (const { duplicates } of contents.events) {
          const receipts = duplicates.map(({ receipt }) => receipt);
          expect(receipts).to.deep.equal([...receipts].sort());
        }
        expect(links.map(({ signer }) => signer)).to.deep.equal(["ann", "bob", "séb"]);
        const hours = tallies.map(({ hour }) => hour);
        expect(new Set(hours).size).to.be.greaterThan(1);
        expect(hours).to.deep.equal(hours.toSorted((a, b) => a - b));
      });

      it("does not change while the store does", async () => {
        const before = await contentsOf(store);
        const snapshot = await store.snapshot();
        await settle(store, filled.lease);
        await store.record(aRecordRequest([aDraft({ document: aDocument("later") })]));
        await store.record(aRecordRequest([aDraft({ type: "document.created", document: aDocument("b") })]));
        await store.saveDestination("archive", { paused: { at: NEW_YEAR, reason: "later" } });
        await deliverAll(store, NEW_YEAR + HOUR);
        for (const table of ["events", "documents", "receipts"] as const)
          await pruneAll(store, table, NEW_YEAR + HOUR);
        expect(await rowsOf(snapshot)).to.deep.equal(before);
        const counts = await snapshot.counts();
        for (const table of TABLES) expect(counts[table], table).to.equal(before[table].length);
        await snapshot.close();
        expect(await contentsOf(store)).not.to.deep.equal(before);
      });

      it("finds no damage in an undamaged store", async () => {
        const snapshot = await store.snapshot();
        expect(await snapshot.damage()).to.deep.equal([]);
        await snapshot.close();
      });
    });

    describe("restored", () => {
      it("holds all rows of the other, and adds nothing when it is restored a second time", async () => {
        const contents = await contentsOf(store);
        const other = await openOne();
        expect(await restoreAll(other, contents)).to.equal(total(contents));
        expect(await contentsOf(other)).to.deep.equal(contents);
        expect(await restoreAll(other, contents)).to.equal(0);
        expect(await contentsOf(other)).to.deep.equal(contents);
      });

      it("goes on where an interrupted restore ended", async () => {
        const contents = await contentsOf(store);
        const other = await openOne();
        await other.restore("events", contents.events.slice(0, 2));
        expect(await other.restore("events", contents.events)).to.equal(contents.events.length - 2);
        expect(await restoreAll(other, contents)).to.equal(total(contents) - contents.events.length);
        expect(await contentsOf(other)).to.deep.equal(contents);
      });

      it("recognises rows with characters that a database may not hold", async () => {
        const links = [{ source: "lumin", signer: "half \ud800 and \0", document: "d" }];
        const document = { ...unknownDocument("lumin", "half \ud800 and \0"), title: "\0" };
        const documents = [{ position: 1_000, document, changedAt: NEW_YEAR }];
        const restored = async () => [
          await store.restore("links", links),
          await store.restore("documents", documents),
        ];
        expect(await restored()).to.deep.equal([1, 1]);
        expect(await restored()).to.deep.equal([0, 0]);
      });

      it("adds nothing for no rows", async () => {
        expect(await store.restore("events", [])).to.equal(0);
      });

      it("settles a restored lease by its token, and leases the rest of its lane in order", async () => {
        const other = await openOne();
        await restoreAll(other, await contentsOf(store));
        expect(await settle(other, filled.lease)).to.equal(true);
        await other.record(aRecordRequest([aDraft({ type: "document.canceled", document: aDocument("a") })]));
        const types: string[] = [];
        for (let leases = await claim(other); leases.length > 0; leases = await claim(other)) {
          const lease = only(leases);
          types.push(lease.event.type);
          await settle(other, lease);
        }
        const rest: KnownType[] = [
          "document.sent",
          "signer.viewed",
          "document.completed",
          "document.canceled",
        ];
        expect(types).to.deep.equal(rest);
        expect(await other.nextDueAt("crm")).to.equal(NEW_YEAR + 1_000);
      });

      it("puts new rows behind the restored ones", async () => {
        const contents = await contentsOf(store);
        const other = await openOne();
        await restoreAll(other, contents);
        const draft = aDraft({ document: aDocument("later") });
        const { events } = await other.record(aRecordRequest([draft], { receipt: aReceipt() }));
        const { items } = await other.findEvents({}, PAGE);
        expect(items.at(-1)?.id).to.equal(only(events).id);
        const after = await contentsOf(other);
        for (const table of ["receipts", "events", "documents", "deliveries"] as const)
          expect(after[table].slice(0, -1), table).to.deep.equal(contents[table]);
      });

      it("returns the same events, backlog and destinations, and recognises the same repeats", async () => {
        const other = await openOne();
        await restoreAll(other, await contentsOf(store));
        const { items } = await store.findEvents({}, PAGE);
        expect((await other.findEvents({}, PAGE)).items).to.deep.equal(items);
        for (const { id } of items)
          expect(await other.findEvent(id)).to.deep.equal(await store.findEvent(id));
        expect(await other.backlog()).to.deep.equal(await store.backlog());
        expect(await other.destinations()).to.deep.equal(await store.destinations());
        const signed = filled.past.second();
        await pruneAll(other, "documents", NEW_YEAR);
        expect((await other.record(signed)).events).to.deep.equal([]);
      });
    });

    describe("restored into a store that is not empty", () => {
      /** For each table, rows that differ from the first one and share one of its keys. */
      const others = (contents: Contents) => {
        const first = <T extends Table>(table: T): Rows[T] =>
          contents[table][0] ?? expect.fail(`${table} is empty`);
        const [receipt, rejection, document] = [first("receipts"), first("rejections"), first("documents")];
        const [link, event, id, delivery] = [
          first("links"),
          first("events"),
          first("tombstones"),
          first("deliveries"),
        ];
        const [destination, audit, tally] = [first("destinations"), first("audit"), first("tallies")];
        const note = first("notes");
        const [proof, exception] = [first("proofs"), first("exceptions")];
        const free = 1_000_000;
        const rows: { [T in Table]: Rows[T][] } = {
          receipts: [
            { ...receipt, receipt: { ...receipt.receipt, query: "else" } },
            { ...receipt, position: free },
            { ...receipt, receipt: { ...receipt.receipt, id: "rcp_else" } },
          ],
          rejections: [
            { ...rejection, body: null },
            { ...rejection, position: free },
            { ...rejection, rejection: { ...rejection.rejection, id: "rej_else" } },
          ],
          documents: [
            { ...document, changedAt: 1 },
            { ...document, position: free },
            { ...document, document: { ...document.document, id: "else" } },
          ],
          links: [{ ...link, document: "else" }],
          events: [
            { ...event, duplicates: [{ receipt: "rcp_else", channel: "batch", at: 1 }] },
            { ...event, dedupeKeys: ["evt_else"] },
            { ...event, position: free },
            { ...event, event: { ...event.event, id: `evt_${"z".repeat(26)}` } },
            { ...event, position: free, event: { ...event.event, id: id.id } },
          ],
          tombstones: [
            { ...id, recordedAt: 1 },
            { ...id, dedupeKeys: ["evt_else"] },
            { ...id, position: free },
            { ...id, id: "evt_else" },
            { ...id, position: free, id: event.event.id },
          ],
          deliveries: [
            { ...delivery, delivery: { ...delivery.delivery, attempts: 99 } },
            { ...delivery, history: [] },
            { ...delivery, position: free },
            { ...delivery, delivery: { ...delivery.delivery, id: "dlv_else" } },
          ],
          destinations: [{ state: { ...destination.state, breaker: null } }],
          audit: [{ ...audit, entry: { ...audit.entry, reason: "else" } }],
          tallies: [{ ...tally, count: tally.count + 1 }],
          notes: [{ ...note, version: note.version + 1 }],
          proofs: [
            { ...proof, proof: { ...proof.proof, unexplained: 99 } },
            { ...proof, position: free },
            { ...proof, proof: { ...proof.proof, id: "prf_else" } },
          ],
          exceptions: [
            { ...exception, exception: { ...exception.exception, reason: "else" } },
            { ...exception, position: free },
            { ...exception, exception: { ...exception.exception, id: "pex_else" } },
          ],
        };
        return rows;
      };

      for (const table of TABLES) {
        it(`refuses rows of ${table} with taken keys, names the table, and changes nothing`, async () => {
          const before = await contentsOf(store);
          const rows = others(before);
          for (const [n, row] of rows[table].entries()) {
            const failure = await failureOf(restoreTable(store, table, { ...before, [table]: [row] }));
            expect(failure, `${table} ${n}`).to.include({ code: "conflict" });
            expect(String(failure))
              .to.include(table)
              .and.match(/must be empty/);
          }
          expect(await contentsOf(store)).to.deep.equal(before);
        });
      }

      it("names the key of the conflicting row", async () => {
        const [event = expect.fail("no event")] = (await contentsOf(store)).events;
        expect(String(await failureOf(store.restore("events", [{ ...event, at: 1 }])))).to.include(
          event.event.id,
        );
      });

      it("adds no row of a batch when it refuses one of them", async () => {
        const { audit } = await contentsOf(store);
        const [entry = expect.fail("no audit entry")] = audit;
        const rows = [
          { ...entry, position: 1_000 },
          { ...entry, entry: { ...entry.entry, reason: "else" } },
        ];
        expect(await failureOf(store.restore("audit", rows))).to.include({ code: "conflict" });
        expect((await contentsOf(store)).audit).to.deep.equal(audit);
      });

      it("refuses two rows with the same position", async () => {
        const other = await openOne();
        const [receipt = expect.fail("no receipt")] = (await contentsOf(store)).receipts;
        const rows = [receipt, { ...receipt, receipt: { ...receipt.receipt, id: "rcp_else" } }];
        expect(await failureOf(other.restore("receipts", rows))).to.include({ code: "conflict" });
        expect((await contentsOf(other)).receipts).to.deep.equal([]);
      });
    });
  });
}
