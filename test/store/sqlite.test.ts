import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { createPruning } from "../../src/store/sqlite/prune.ts";
import { BACKLOG } from "../../src/store/sqlite/queue.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, NEW_YEAR } from "../support/builders.ts";
import { describeStore } from "./contract.ts";
import { describeMoving } from "./contract-moving.ts";
import { contentsOf } from "./filled.ts";

let tokens = 0;
const token = () => `token-${tokens++}`;
const open = (file: string) => openSqliteStore({ file, token, busyTimeout: 0 });

describeStore("SQLite", async () => open(":memory:"));

describe("a search of SQLite for rare rows", () => {
  const MANY = 12_000;
  let store: ReturnType<typeof open>;
  before(async function () {
    this.timeout(60_000);
    store = open(":memory:");
    const some = (from: number) =>
      Array.from({ length: 1_000 }, (_, n) =>
        aDraft({ type: "document.completed", document: aDocument(`d${from + n}`) }),
      );
    for (let from = 0; from < MANY; from += 1_000) await store.record(aRecordRequest(some(from)));
    const receipt = aReceipt({ source: "rare" });
    await store.record(
      aRecordRequest([aDraft({ source: "rare", document: aDocument("rare") })], { receipt }),
    );
  });
  after(() => store.close());

  async function search<T>(find: (cursor?: string) => Promise<{ next: string | null; items: readonly T[] }>) {
    const pages: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { items, next } = await find(cursor);
      pages.push(items.length);
      cursor = next;
    }
    return pages;
  }

  it("stops after a number of rows, returns a cursor, and finds the rare row in the end", async () => {
    const page = (cursor?: string) => ({ limit: 100, cursor });
    expect(await search((cursor) => store.findEvents({ source: "rare" }, page(cursor)))).to.deep.equal([
      0, 0, 1,
    ]);
    const typed = { type: "document.completed", source: "rare" };
    expect(await search((cursor) => store.findEvents(typed, page(cursor)))).to.deep.equal([0, 0, 0]);
    expect(await search((cursor) => store.findDocuments({ source: "rare" }, page(cursor)))).to.deep.equal([
      0, 0, 1,
    ]);
    const parked = { destination: "crm", status: "delivered" } as const;
    expect(await search((cursor) => store.findDeliveries(parked, page(cursor)))).to.deep.equal([0, 0, 0]);
  });

  it("says how many rows it looked at, in either order, where it stopped for that", async () => {
    for (const order of ["newest", "oldest"] as const) {
      const page = { limit: 100, order };
      expect(await store.findEvents({ source: "other" }, page)).to.deep.include({
        items: [],
        searched: 5_000,
      });
      expect(await store.findDeliveries({ cause: "dns" }, page)).to.deep.include({
        items: [],
        searched: 5_000,
      });
      expect(await store.findDocuments({ search: "nowhere" }, page)).to.deep.include({
        items: [],
        searched: 2_500,
      });
      const all = await store.findDocuments({ search: "d1" }, page);
      expect([all.items.length, all.searched]).to.deep.equal([100, null]);
    }
  });

  it("of documents ends after those that may have the text, and has the one with that id first", async () => {
    const pages: string[][] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const { items, next } = await store.findDocuments({ search: "d11999" }, { limit: 100, cursor });
      pages.push(items.map(({ id }) => id));
      cursor = next;
    }
    expect(pages).to.deep.equal([["d11999"], [], [], [], []]);
  });

  it("counts undelivered ones in steps, and each once", async () => {
    let sum = 0;
    const looked: (number | null)[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await store.countUndelivered(["destination", "status"], {}, { cursor });
      for (const { count, ...key } of page.items) {
        expect(key).to.include({ destination: "crm", status: "pending" });
        sum += count;
      }
      looked.push(page.searched);
      cursor = page.next;
    }
    expect(sum).to.equal(MANY + 1);
    expect(looked).to.deep.equal([5_000, 5_000, null]);
  });

  it("is not used for the backlog, whose numbers are kept, and whose oldest an index finds", () => {
    const file = join(mkdtempSync(join(tmpdir(), "countersign-")), "a.db");
    open(file).close();
    const db = new DatabaseSync(file);
    const plan = db.prepare(`explain query plan ${BACKLOG}`).all();
    db.close();
    rmSync(dirname(file), { recursive: true });
    const details = plan.map(({ detail }) => String(detail));
    expect(details).to.deep.equal([
      "SCAN backlog",
      "CORRELATED SCALAR SUBQUERY 1",
      "SEARCH deliveries USING INDEX deliveries_open (destination=?)",
    ]);
  });

  it("takes one page where an index finds the rows", async () => {
    const page = { limit: 100 };
    const first = async (found: Promise<{ items: readonly unknown[]; next: string | null }>) => {
      const { items, next } = await found;
      return [items.length, next];
    };
    expect(await first(store.findEvents({ document: "rare", source: "rare" }, page))).to.deep.equal([
      1,
      null,
    ]);
    expect(await first(store.findDocuments({ id: "rare" }, page))).to.deep.equal([1, null]);
    expect(await first(store.findDeliveries({ destination: "crm", status: "parked" }, page))).to.deep.equal([
      0,
      null,
    ]);
    expect(await first(store.findReceipts({ problems: true }, page))).to.deep.equal([0, null]);
    const newest = { ...page, order: "newest" } as const;
    expect(await first(store.findDeliveries({ status: "parked" }, newest))).to.deep.equal([0, null]);
    expect(await first(store.findDocuments({ stuckBefore: NEW_YEAR + 1 }, newest))).to.deep.equal([1, null]);
    expect(await first(store.findDocuments({ status: "in_progress" }, newest))).to.deep.equal([0, null]);
    const early = { from: NEW_YEAR - 2, until: NEW_YEAR };
    expect(await first(store.findEvents({ ...early, type: "document.completed" }, newest))).to.deep.equal([
      0,
      null,
    ]);
    expect(await first(store.findReceipts({ ...early, source: "rare" }, newest))).to.deep.equal([0, null]);
    expect(await first(store.findDeliveries({ ...early, cause: "dns" }, newest))).to.deep.equal([0, null]);
  });

  it("counts the deliveries of a replay without blocking, and replays page by page", async () => {
    await store.parkRemoved([], NEW_YEAR);
    const filter = { destination: "crm", status: "parked" } as const;
    let turns = 0;
    const counting = setInterval(() => (turns += 1), 0);
    expect(await store.countReplay(filter)).to.equal(MANY + 1);
    clearInterval(counting);
    expect(turns).to.be.greaterThan(0);
    const rare = { ...filter, document: "rare" };
    expect(await store.countReplay(rare)).to.equal(1);
    const pages = await search(async (cursor) => {
      const { replayed, next } = await store.replay(
        rare,
        { limit: 500, cursor },
        { now: NEW_YEAR, spacing: 0 },
      );
      return { items: Array.from({ length: replayed }), next };
    });
    expect(pages).to.deep.equal([0, 0, 1]);
  });
});

describe("a SQLite file", () => {
  let folder: string;
  let files = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describeMoving("SQLite file's", async () => open(join(folder, `${files++}.db`)));

  it("applies writes and restores of one turn in order, and rolls back only the refused one", async () => {
    const [from, to] = [open(join(folder, "a.db")), open(join(folder, "b.db"))];
    await from.record(aRecordRequest([aDraft()]));
    const { events } = await contentsOf(from);
    const others = events.map((row) => ({ ...row, at: row.at + 1 }));
    const paused = { at: NEW_YEAR, reason: "meanwhile" };
    const [added, refused, again, saved] = await Promise.allSettled([
      to.restore("events", events),
      to.restore("events", others),
      to.restore("events", events),
      to.saveDestination("crm", { paused }),
    ]);
    expect(added).to.deep.include({ status: "fulfilled", value: 1 });
    expect(refused).to.include({ status: "rejected" }).and.have.nested.property("reason.code", "conflict");
    expect(again).to.deep.include({ status: "fulfilled", value: 0 });
    expect(saved).to.include({ status: "fulfilled" });
    expect((await to.findEvents({}, { limit: 10 })).items).to.have.length(1);
    expect(await to.destinations()).to.deep.equal([{ name: "crm", paused, breaker: null }]);
    await Promise.all([from.close(), to.close()]);
  });

  it("records on while a snapshot shows the earlier state", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    await store.record(aRecordRequest([aDraft()]));
    const snapshot = await store.snapshot();
    for (let n = 0; n < 5; n += 1)
      await store.record(aRecordRequest([aDraft({ document: aDocument(`d${n}`) })]));
    expect(await snapshot.counts()).to.include({ events: 1 });
    await snapshot.close();
    await store.close();
    expect(existsSync(`${file}-wal`)).to.equal(false);
  });

  for (const [what, damage, words] of [
    [
      "a row that its index does not have",
      (file: string, id: string) => {
        const bytes = readFileSync(file);
        bytes.write("rcp_x", bytes.indexOf(id));
        writeFileSync(file, bytes);
      },
      /missing from index/,
    ],
    [
      "a page that is overwritten",
      (file: string) => {
        const db = new DatabaseSync(file);
        const { page } =
          db.prepare("select rootpage as page from sqlite_schema where name = 'audit'").get() ?? {};
        const { size } = db.prepare("select page_size as size from pragma_page_size").get() ?? {};
        db.close();
        const [end, length] = [Number(page) * Number(size), Number(size)];
        writeFileSync(file, readFileSync(file).fill(0xff, end - length, end));
      },
      /malformed/,
    ],
    [
      "a receipt whose bytes are gone",
      (file: string) => {
        const db = new DatabaseSync(file);
        db.exec("delete from bodies");
        db.close();
      },
      /^rcp_\S+ has lost its body$/,
    ],
  ] as const) {
    it(`reports its damage: ${what}`, async () => {
      const file = join(folder, "a.db");
      const before = open(file);
      const request = aRecordRequest([]);
      await before.record(request);
      await before.close();
      damage(file, request.receipt.id);
      const store = open(file);
      const snapshot = await store.snapshot();
      expect((await snapshot.damage()).join()).to.match(words);
      await snapshot.close();
      await store.close();
    });
  }

  it("is pruned without scanning a whole table", () => {
    const asked: string[] = [];
    class RecordingDatabase extends DatabaseSync {
      override prepare(sql: string) {
        asked.push(sql);
        return super.prepare(sql);
      }
    }
    const file = join(folder, "a.db");
    open(file).close();
    const db = new RecordingDatabase(file);
    createPruning(db);
    const steps = [...asked].flatMap((sql) => db.prepare(`explain query plan ${sql}`).all());
    db.close();
    expect(steps).to.have.length.above(10);
    for (const { detail } of steps) expect(detail).not.to.match(/SCAN/);
  });

  it("removes the bytes of a pruned receipt", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    const [old, young] = [aReceipt({ receivedAt: 1 }), aReceipt({ receivedAt: 2 })];
    for (const receipt of [old, young]) await store.record(aRecordRequest([], { receipt }));
    await store.prune({ table: "receipts", before: 2, limit: 10 });
    await store.close();
    const db = new DatabaseSync(file);
    const left = db.prepare("select id from bodies left join receipts using (position)").all();
    db.close();
    expect(left.map(({ id }) => id)).to.deep.equal([young.id]);
  });

  it("is in WAL mode", async () => {
    const store = open(join(folder, "a.db"));
    const db = new DatabaseSync(join(folder, "a.db"));
    expect(db.prepare("pragma journal_mode").get()).to.deep.equal({ journal_mode: "wal" });
    db.close();
    await store.close();
  });

  it("has its rows again after a restart", async () => {
    const file = join(folder, "deep", "er", "a.db");
    const before = open(file);
    await before.record(aRecordRequest([aDraft()]));
    await before.close();
    const after = open(file);
    expect((await after.findEvents({}, { limit: 10 })).items).to.have.length(1);
    await after.close();
  });

  it("records all requests of one turn of the event loop in one commit", async () => {
    const store = open(join(folder, "a.db"));
    const requests = Array.from({ length: 50 }, (_, i) =>
      aRecordRequest([aDraft({ document: aDocument(`d${i}`) })]),
    );
    const before = store.commits;
    await Promise.all(requests.map((request) => store.record(request)));
    expect(store.commits - before).to.equal(1);
    expect((await store.findEvents({}, { limit: 100 })).items).to.have.length(50);
    await store.close();
  });

  it("commits long batches one by one, with turns of the event loop in between", async () => {
    const store = open(join(folder, "a.db"));
    const batch = (name: string) =>
      aRecordRequest(Array.from({ length: 250 }, (_, i) => aDraft({ document: aDocument(`${name}${i}`) })));
    const before = store.commits;
    const order: string[] = [];
    const recorded = ["a", "b", "c"].map((name) => store.record(batch(name)).then(() => order.push(name)));
    setImmediate(() => order.push("another turn"));
    await Promise.all(recorded);
    expect(store.commits - before).to.equal(3);
    expect(order).to.deep.equal(["a", "another turn", "b", "c"]);
    await store.close();
  });

  it("refuses a database of a newer version in one sentence", () => {
    const file = join(folder, "a.db");
    const db = new DatabaseSync(file);
    db.exec("pragma user_version = 99");
    db.close();
    expect(() => open(file)).to.throw(/written by a newer Countersign \(schema 99, this one knows \d+\)/);
  });

  it("says what to do when the file cannot be opened", () => {
    const file = join(folder, "a.txt");
    writeFileSync(file, "not a folder");
    expect(() => open(join(file, "a.db"))).to.throw(/cannot be opened .*: give `store` a file in a folder/);
  });

  it("is unavailable while it cannot write, and records again afterwards", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    const other = new DatabaseSync(file);
    other.exec("pragma busy_timeout = 0; begin immediate");
    const failure = await store.record(aRecordRequest([aDraft()])).catch((error) => error);
    expect(failure).to.include({ code: "store_unavailable" });
    other.exec("rollback");
    other.close();
    expect((await store.record(aRecordRequest([aDraft()]))).events).to.have.length(1);
    await store.close();
  });
});
