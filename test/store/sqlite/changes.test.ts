import { expect } from "chai";
import { watchChanges } from "../../../src/store/sqlite/changes.ts";
import { openDatabase } from "../../../src/store/sqlite.ts";

/** No row outside of the database shows anything of these tables that other rows do not show. */
const UNSEEN = ["backlog", "probe", "shadow_events", "sqlite_sequence"];

describe("the changes of a SQLite database", () => {
  it("are noted of every table, inserted, updated and deleted", () => {
    const db = openDatabase(":memory:", 0);
    watchChanges(db);
    const namesOf = (sql: string) =>
      db
        .prepare(sql)
        .all()
        .map(({ name }) => String(name));
    const tables = namesOf("select name from sqlite_schema where type = 'table'");
    for (const table of tables.filter((name) => !UNSEEN.includes(name)))
      for (const operation of ["insert", "update", "delete"])
        expect(
          namesOf(
            `select name from sqlite_temp_schema where tbl_name = '${table}' and name like '%_${operation}'`,
          ),
          `${operation} ${table}`,
        ).not.to.deep.equal([]);
    db.close();
  });
});
