import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";

const FOLDER = new URL("../../src/store/postgres/migrations/", import.meta.url);

/** What an older node that still runs would not survive: docs/upgrading.md promises that it does. */
const BREAKING =
  /\b(?:drop\s+(?:table|column|constraint|type|function|trigger)|rename|truncate|delete\s+from|alter\s+column|set\s+not\s+null)\b|add\s+column\s+(?:(?!default)[^,;])*\bnot\s+null\b(?!(?:[^,;])*\bdefault\b)/i;

describe("the migrations of PostgreSQL", () => {
  const [, ...later] = readdirSync(FOLDER).sort();
  for (const file of later) {
    it(`only add, so that nodes of the version before go on: ${file}`, () => {
      const sql = readFileSync(new URL(file, FOLDER), "utf8").replaceAll(/--.*$/gm, "");
      expect(BREAKING.exec(sql)?.[0]).to.equal(undefined);
    });
  }

  it("would be found to take something away", () => {
    for (const sql of [
      ...["drop table events", "alter table events drop column type", "alter table events rename to e"],
      ...["alter table e alter column x type text", "delete from events", "truncate events"],
      "alter table e add column x text not null",
    ])
      expect(sql).to.match(BREAKING);
    for (const sql of [
      "alter table e add column x integer not null default 0",
      "alter table e add column x integer default 0 not null",
      "alter table e add column x text; drop index i; create table t (x text not null)",
    ])
      expect(sql).not.to.match(BREAKING);
  });
});
