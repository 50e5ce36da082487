import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { createGroupCommit, type GroupCommit } from "../../../src/store/sqlite/group-commit.ts";
import { openDatabase } from "../../../src/store/sqlite.ts";

describe("a commit of a SQLite file", () => {
  let folder: string;
  let db: DatabaseSync;
  let group: GroupCommit;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "countersign-commit-"));
    db = openDatabase(join(folder, "store.db"), 0);
    group = createGroupCommit(db);
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
  });

  const work = () => db.exec("update probe set writes = writes + 1");
  const fail = () => {
    throw new Error("no");
  };
  /** Whether the last commit waited for the disk. */
  const waited = () => db.prepare("pragma synchronous").get()?.synchronous === 2;

  it("waits for the disk, unless all that it holds may be lost", async () => {
    await group.write(work);
    expect(waited()).to.equal(true);
    await Promise.all([group.write(work, { durable: false }), group.write(work, { durable: false })]);
    expect(waited()).to.equal(false);
    await Promise.all([group.write(work, { durable: false }), group.write(work)]);
    expect(waited()).to.equal(true);
  });

  it("waits for the disk again after one that failed and did not", async () => {
    await group.write(fail, { durable: false }).catch(() => {});
    await group.write(work);
    expect(waited()).to.equal(true);
    await group.write(fail, { durable: false }).catch(() => {});
    await group.alone(async () => work());
    expect(waited()).to.equal(true);
  });
});
