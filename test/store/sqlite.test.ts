import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { createPruning } from "../../src/store/sqlite/prune.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { aDocument, aDraft, aReceipt, aRecording } from "../builders.ts";
import { describeStore } from "./contract.ts";
import { describeMoving } from "./contract-moving.ts";

let tokens = 0;
const token = () => `token-${tokens++}`;
const open = (file: string) => openSqliteStore({ file, token, busyTimeout: 0 });

describeStore("SQLite", async () => open(":memory:"));

describe("a SQLite file", () => {
  let folder: string;
  let files = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  describeMoving("SQLite file's", async () => open(join(folder, `${files++}.db`)));

  it("is as it was for those who look at a snapshot, and takes all else in meanwhile", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    await store.record(aRecording([aDraft()]));
    const snapshot = await store.snapshot();
    for (let n = 0; n < 5; n += 1) await store.record(aRecording([aDraft({ document: aDocument(`d${n}`) })]));
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
      "a page that is none",
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
    it(`tells what is damaged in it: ${what}`, async () => {
      const file = join(folder, "a.db");
      const before = open(file);
      const recording = aRecording([]);
      await before.record(recording);
      await before.close();
      damage(file, recording.receipt.id);
      const store = open(file);
      const snapshot = await store.snapshot();
      expect((await snapshot.damage()).join()).to.match(words);
      await snapshot.close();
      await store.close();
    });
  }

  it("is pruned without a look at a whole table", () => {
    const asked: string[] = [];
    class Listening extends DatabaseSync {
      override prepare(sql: string) {
        asked.push(sql);
        return super.prepare(sql);
      }
    }
    const file = join(folder, "a.db");
    open(file).close();
    const db = new Listening(file);
    createPruning(db);
    const steps = [...asked].flatMap((sql) => db.prepare(`explain query plan ${sql}`).all());
    db.close();
    expect(steps).to.have.length.above(10);
    for (const { detail } of steps) expect(detail).not.to.match(/SCAN/);
  });

  it("keeps no bytes of a receipt that was pruned", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    const [old, young] = [aReceipt({ receivedAt: 1 }), aReceipt({ receivedAt: 2 })];
    for (const receipt of [old, young]) await store.record(aRecording([], { receipt }));
    await store.prune({ table: "receipts", before: 2, limit: 10 });
    await store.close();
    const db = new DatabaseSync(file);
    const left = db.prepare("select id from bodies left join receipts using (position)").all();
    db.close();
    expect(left.map(({ id }) => id)).to.deep.equal([young.id]);
  });

  it("is flushed to disk at every commit, and written ahead", async () => {
    const store = open(join(folder, "a.db"));
    const db = new DatabaseSync(join(folder, "a.db"));
    expect(db.prepare("pragma journal_mode").get()).to.deep.equal({ journal_mode: "wal" });
    db.close();
    await store.close();
  });

  it("keeps everything over a restart", async () => {
    const file = join(folder, "deep", "er", "a.db");
    const before = open(file);
    await before.record(aRecording([aDraft()]));
    await before.close();
    const after = open(file);
    expect((await after.findEvents({}, { limit: 10 })).items).to.have.length(1);
    await after.close();
  });

  it("takes all that arrives in one turn of the event loop in one commit", async () => {
    const store = open(join(folder, "a.db"));
    const recordings = Array.from({ length: 50 }, (_, i) =>
      aRecording([aDraft({ document: aDocument(`d${i}`) })]),
    );
    const before = store.commits;
    await Promise.all(recordings.map((recording) => store.record(recording)));
    expect(store.commits - before).to.equal(1);
    expect((await store.findEvents({}, { limit: 100 })).items).to.have.length(50);
    await store.close();
  });

  it("takes long batches that arrive together in a commit each, so that others have their turn in between", async () => {
    const store = open(join(folder, "a.db"));
    const batch = (name: string) =>
      aRecording(Array.from({ length: 250 }, (_, i) => aDraft({ document: aDocument(`${name}${i}`) })));
    const before = store.commits;
    const order: string[] = [];
    const kept = ["a", "b", "c"].map((name) => store.record(batch(name)).then(() => order.push(name)));
    setImmediate(() => order.push("somebody else"));
    await Promise.all(kept);
    expect(store.commits - before).to.equal(3);
    expect(order).to.deep.equal(["a", "somebody else", "b", "c"]);
    await store.close();
  });

  it("refuses a database from a newer version in one sentence", () => {
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

  it("answers that it is unavailable while it cannot write, and goes on when it can again", async () => {
    const file = join(folder, "a.db");
    const store = open(file);
    const other = new DatabaseSync(file);
    other.exec("pragma busy_timeout = 0; begin immediate");
    const failure = await store.record(aRecording([aDraft()])).catch((error) => error);
    expect(failure).to.include({ code: "store_unavailable" });
    other.exec("rollback");
    other.close();
    expect((await store.record(aRecording([aDraft()]))).events).to.have.length(1);
    await store.close();
  });
});
