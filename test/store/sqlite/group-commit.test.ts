import type { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { tallyParked } from "../../../src/domain/tally.ts";
import { createGroupCommit, type GroupCommit } from "../../../src/store/sqlite/group-commit.ts";
import { openDatabase } from "../../../src/store/sqlite.ts";
import { NEW_YEAR } from "../../support/builders.ts";

describe("the group commit of SQLite, when its jobs count", () => {
  let db: DatabaseSync;
  let group: GroupCommit;
  beforeEach(() => {
    db = openDatabase(":memory:", 0);
    group = createGroupCommit(db);
  });
  afterEach(() => db.close());

  const tally = (destination = "crm") => tallyParked(destination, NEW_YEAR);
  const counts = () =>
    db
      .prepare("select destination, count from tallies order by destination")
      .all()
      .map(({ destination, count }) => `${destination} ${count}`);
  const changes = () => Number(db.prepare("select total_changes() as sum").get()?.sum);

  it("writes one row for each key that they counted, however many jobs there are", async () => {
    const before = changes();
    const jobs = Array.from({ length: 20 }, (_, n) =>
      group.write((count) => {
        count(tally(n < 5 ? "erp" : "crm"));
        count(tally());
      }),
    );
    await Promise.all(jobs);
    expect(counts()).to.deep.equal(["crm 35", "erp 5"]);
    expect([group.commits, changes() - before]).to.deep.equal([1, 2]);
  });

  it("writes nothing of a job that counted and then threw, and once what the others counted", async () => {
    let runs = 0;
    const bad = group.write((count) => {
      count(tally("bad"));
      runs += 1;
      throw new TypeError("broken");
    });
    const good = Array.from({ length: 3 }, () => group.write((count) => count(tally())));
    const [refused] = await Promise.allSettled([bad, ...good]);
    expect([refused?.status, runs]).to.deep.equal(["rejected", 2]);
    expect(counts()).to.deep.equal(["crm 3"]);
  });

  it("writes nothing of what a failed commit counted with the next one", async () => {
    db.exec("create temp trigger full before insert on tallies begin select raise(abort, 'full'); end");
    const failed = await Promise.allSettled([1, 2].map(() => group.write((count) => count(tally()))));
    expect(failed.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    db.exec("drop trigger full");
    await group.write((count) => count(tally("later")));
    expect(counts()).to.deep.equal(["later 1"]);
  });
});
