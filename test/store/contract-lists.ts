import { expect } from "chai";
import type { Draft } from "../../src/domain/draft.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { AuditEntry } from "../../src/store/port/control.ts";
import type { TimeRange } from "../../src/store/port/paging.ts";
import type { DocumentFilter, EventFilter, ReceiptFilter } from "../../src/store/port/reads.ts";
import type { Store } from "../../src/store/store.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, CRM, NEW_YEAR } from "../support/builders.ts";
import { type Contents, contentsOf } from "./filled.ts";
import { combinationsOf, expectRows, expectRowsInRange, expectSome, isWithin, type Row } from "./listing.ts";

const MINUTE = 60_000;
const PROBLEM = { kind: "missing", item: 0, field: "id", message: "no id" } as const;
const minute = (n: number) => NEW_YEAR + n * MINUTE;

/** Lists in both orders, with filters and ranges of times, on each adapter. `open` returns an empty store. */
export function describeLists(name: string, open: () => Promise<Store>): void {
  describe(`the lists of the ${name} store`, () => {
    let store: Store;
    let stored: Contents;
    /** Ids of documents with an event on its way. */
    let isOpen: ReadonlySet<string | undefined>;
    before(async () => {
      store = await open();
      await fill(store);
      stored = await contentsOf(store, 100);
      const events = new Set(stored.deliveries.map(({ delivery }) => delivery.event));
      isOpen = new Set(
        stored.events.flatMap(({ event }) => (events.has(event.id) ? event.document?.id : [])),
      );
    });
    after(() => store.close());

    async function expectEach<Filter extends TimeRange, Stored>(
      filters: Required<Filter>,
      rows: readonly Stored[],
      rowOf: (stored: Stored) => Row,
      belongs: (stored: Stored, filter: Partial<Filter>) => boolean,
      find: (filter: Partial<Filter>) => Parameters<typeof expectRows<{ id: string }>>[0],
    ): Promise<void> {
      for (const filter of combinationsOf<Filter>(filters)) {
        const expected = rows
          .filter((row) => belongs(row, filter) && isWithin(rowOf(row).at, filter))
          .map(rowOf);
        const message = JSON.stringify(filter);
        if (Object.keys(filter).length === 1) expectSome(expected, rows.map(rowOf), message);
        const isRanged = "from" in filter || "until" in filter;
        const check = isRanged ? expectRowsInRange : expectRows;
        await check(find(filter), ({ id }: { id: string }) => id, expected, message);
      }
    }

    it("have events of a type, source, channel, document and time, and those that only some channels reported", () =>
      expectEach<EventFilter, Contents["events"][number]>(
        {
          type: "document.sent",
          source: "legalesign",
          channel: "batch",
          document: "d1",
          only: ["batch", "upon"],
          from: minute(2),
          until: minute(7),
        },
        stored.events,
        ({ event }) => ({ id: event.id, at: Date.parse(event.recordedAt) }),
        ({ event, duplicates }, { type, source, channel, document, only }) =>
          (!only || [event, ...duplicates].every((one) => only.includes(one.channel))) &&
          (type === undefined || event.type === type) &&
          (source === undefined || event.source === source) &&
          (channel === undefined || event.channel === channel) &&
          (document === undefined || event.document?.id === document),
        (filter) => (page) => store.findEvents(filter, page),
      ));

    it("have receipts of a source, channel and time, those with problems and those in shadow, alone and together", () =>
      expectEach<ReceiptFilter, Contents["receipts"][number]>(
        {
          source: "legalesign",
          channel: "batch",
          problems: true,
          shadow: true,
          from: minute(2),
          until: minute(7),
        },
        stored.receipts,
        ({ receipt }) => ({ id: receipt.id, at: receipt.receivedAt }),
        ({ receipt }, { source, channel, problems, shadow }) =>
          (source === undefined || receipt.source === source) &&
          (channel === undefined || receipt.channel === channel) &&
          (!problems || receipt.problems.length > 0) &&
          (!shadow || receipt.shadow != null),
        (filter) => (page) => store.findReceipts(filter, page),
      ));

    for (const list of ["listRejections", "findRejections"] as const)
      it(`have rejections of a source, channel, reason and time, alone and together (${list})`, () =>
        expectEach(
          { source: "legalesign", channel: "batch", reason: "BAD", from: minute(2), until: minute(7) },
          stored.rejections,
          ({ rejection }) => ({ id: rejection.id, at: rejection.receivedAt }),
          ({ rejection }, { source, channel, reason }) =>
            (source === undefined || rejection.source === source) &&
            (reason === undefined || rejection.reason.includes(reason.toLowerCase())) &&
            (channel === undefined || rejection.channel === channel),
          (filter) => (page) => store[list](filter, page),
        ));

    it("have documents of a source, id, status, text and time of change, alone and together", () =>
      expectEach<DocumentFilter, Contents["documents"][number]>(
        {
          source: "legalesign",
          id: "d1",
          status: "sent",
          search: "LEASE",
          stuckBefore: minute(5),
          gap: "pdf",
          undelivered: "open",
          from: minute(2),
          until: minute(7),
        },
        stored.documents,
        ({ document, changedAt }) => ({ id: `${document.source} ${document.id}`, at: changedAt }),
        ({ document }, { source, id, status, search, stuckBefore, gap, undelivered }) =>
          (source === undefined || document.source === source) &&
          (id === undefined || document.id === id) &&
          (status === undefined || document.status === status) &&
          (search === undefined || document.title === "A lease") &&
          (stuckBefore === undefined || (document.status === "sent" && document.statusAt < stuckBefore)) &&
          (gap === undefined || document.status === "completed") &&
          (undelivered === undefined || isOpen.has(document.id)),
        (filter) => async (page) => {
          const { items, ...rest } = await store.findDocuments(filter, page);
          return { ...rest, items: items.map(({ source, id }) => ({ id: `${source} ${id}` })) };
        },
      ));

    it("have operators' changes of a range of times", async () => {
      const rows = stored.audit.map(({ entry }) => ({ id: entry.reason, at: entry.at }));
      for (const range of combinationsOf<TimeRange>({ from: minute(2), until: minute(7) }))
        await expectRows<AuditEntry>(
          (page) => store.findAudit(range, page),
          ({ reason }) => reason,
          rows.filter(({ at }) => isWithin(at, range)),
          JSON.stringify(range),
        );
    });

    it("begin a range with its first moment, and end it before its last", async () => {
      const times = async (range: TimeRange) =>
        (await store.findEvents(range, { limit: 100 })).items.map(({ recordedAt }) => Date.parse(recordedAt));
      expect(await times({ from: minute(3), until: minute(3) + 1 })).to.include(minute(3));
      expect(await times({ from: minute(3) + 1, until: minute(4) })).to.deep.equal([]);
      expect(await times({ from: minute(3), until: minute(4) })).not.to.include(minute(4));
      expect(await times({ from: minute(2), until: minute(3) })).not.to.include(minute(3));
    });

    it("have in a range what was recorded later with an old time, and in the order of times", async () => {
      const { items } = await store.findEvents({ from: minute(0), until: minute(3) }, { limit: 100 });
      const times = items.map(({ recordedAt }) => Date.parse(recordedAt));
      expect(times).to.deep.equal(times.toSorted());
      const late = items.filter(({ document }) => document?.id === "late");
      expect(late).to.have.length(1);
      const { items: recorded } = await store.findEvents({}, { limit: 1, order: "newest" });
      expect(recorded).to.deep.equal(late);
    });

    it("have a document first whose id is the whole text, then others that contain it", async () => {
      for (const order of ["newest", "oldest"] as const) {
        const find = (limit: number) => async (cursor?: string) =>
          store.findDocuments({ search: "d1" }, { limit, cursor, order });
        const { items } = await find(100)();
        expect(items.map(({ id }) => id)).to.deep.equal([
          "d1",
          ...(order === "newest" ? ["d11", "d10"] : ["d10", "d11"]),
        ]);
        const [first, rest] = await pagesOf(find(2));
        expect(first).to.deep.equal(items.slice(0, 2));
        expect(rest).to.deep.equal(items.slice(2));
      }
    });

    it("refuse cursors that are none, or come from a list of another order or without a range", async () => {
      const { next: oldest } = await store.findEvents({}, { limit: 1 });
      const { next: newest } = await store.findEvents({}, { limit: 1, order: "newest" });
      const { next: ranged } = await store.findEvents({ from: 0 }, { limit: 1 });
      const refusal = (cursor: string | null, order?: "newest") =>
        store.findEvents({}, { limit: 1, cursor: cursor ?? expect.fail("no next page"), order }).then(
          () => expect.fail("the cursor was taken"),
          ({ code, message }) => `${code}: ${message}`,
        );
      expect(await refusal(newest)).to.match(/^bad_request: cursor: belongs to a list with order=newest/);
      expect(await refusal(oldest, "newest")).to.match(
        /^bad_request: cursor: belongs to a list with order=oldest/,
      );
      expect(await refusal(ranged)).to.match(/^bad_request: cursor: belongs to a list with `from`, `until`/);
      for (const cursor of ["", "N.1", "n.", "1-", "1-2-3", "1.2", "zzzzzzzzzzz", "1;"])
        expect(await refusal(cursor), cursor).to.match(/^bad_request: cursor: is not a cursor/);
    });
  });
}

async function pagesOf<Item>(
  find: (cursor?: string) => Promise<{ items: readonly Item[]; next: string | null }>,
) {
  const pages: (readonly Item[])[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { items, next } = await find(cursor);
    pages.push(items);
    cursor = next;
  }
  return pages;
}

/** Twelve documents of two sources, one request a minute; and one of them is read again at the end. */
async function fill(store: Store): Promise<void> {
  const early = aReceipt({ id: "rcp_early", source: "legalesign", receivedAt: minute(1) });
  for (let n = 0; n < 12; n += 1) {
    const source = n % 3 === 0 ? "lumin" : "legalesign";
    const channel = n % 4 < 2 ? "batch" : "upon";
    const receipt = n === 1 ? early : aReceipt({ source, channel, receivedAt: minute(n), ...oddly(n) });
    const about = { ...aDocument(`d${n}`), title: n % 2 === 0 ? "A lease" : "A loan" };
    const draft = (given: Partial<Draft>) =>
      aDraft({ source, channel: receipt.channel, document: about, time: minute(n), ...given });
    const drafts = [draft({ type: "document.created" }), draft({ type: "document.sent" })];
    if (n % 5 === 4) drafts.push(draft({ type: "document.completed" }));
    await store.record(aRecordRequest(drafts, { receipt, subscribers: n % 4 < 3 ? [CRM] : [] }));
    if (n % 4 < 2) {
      const again = aReceipt({ source, channel: n % 4 === 0 ? channel : "realtime", receivedAt: minute(n) });
      await store.record(aRecordRequest([draft({ type: "document.sent" })], { receipt: again }));
    }
    const unread = aReceipt({ source, channel, receivedAt: minute(n), ...oddly(n) });
    await store.record(aRecordRequest([], { receipt: unread, shadow: n % 2 === 0 }));
    const refused = {
      id: `rej_${n}`,
      source,
      channel,
      receivedAt: minute(n),
      query: "",
      headers: {},
      body: null,
    };
    const reason = n % 2 === 0 ? "a bad signature" : "no token";
    await store.reject({ ...refused, reason, shown: { token: null, authorization: null } }, 100);
    const entry = { action: "pause", caller: "127.0.0.1", details: {} };
    await store.addAudit({ ...entry, at: minute(n), reason: `change ${n}` });
  }
  // A signer of the first document is reported again: the document changes, and no event comes of it.
  const again = aDraft({
    type: "document.sent",
    source: "legalesign",
    document: aDocument("d1"),
    time: minute(1),
  });
  await store.record(
    aRecordRequest([{ ...again, signers: [aSigner("ann")] }], {
      receipt: aReceipt({ receivedAt: minute(8), source: "legalesign" }),
      subscribers: [],
    }),
  );
  const late = aDraft({ type: "document.sent", document: aDocument("late"), time: minute(1) });
  await store.amend(aRecordRequest([late], { receipt: early, subscribers: [] }));
}

function oddly(n: number): Partial<Receipt> {
  return n % 3 === 1 ? { problems: [PROBLEM] } : {};
}
