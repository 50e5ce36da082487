import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { aDocument, aDraft, aRecording } from "../builders.ts";
import { describeStore } from "./contract.ts";

let tokens = 0;
const token = () => `token-${tokens++}`;
const open = (file: string) => openSqliteStore({ file, token, busyTimeout: 0 });

describeStore("SQLite", async () => open(":memory:"));

describe("a SQLite file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

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
