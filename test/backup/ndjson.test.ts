import { expect } from "chai";
import {
  footerLine,
  headerLine,
  parseFooter,
  parseHeader,
  parseLine,
  rowLine,
} from "../../src/backup/ndjson.ts";
import { type Rows, TABLES, type Table } from "../../src/store/rows.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { type Contents, contentsOf, fillStore } from "../store/filled.ts";
import { NEW_YEAR } from "../support/builders.ts";

const ROWS = {
  receipts: 1,
  rejections: 2,
  documents: 3,
  links: 4,
  events: 5,
  tombstones: 6,
  deliveries: 7,
  destinations: 8,
  audit: 9,
};
const LINK: Rows["links"] = { source: "lumin", signer: "ann", document: "d1" };

describe("the lines of an export", () => {
  let contents: Contents;
  before(async () => {
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    await fillStore(store);
    contents = await contentsOf(store);
    await store.close();
  });

  it("begin with a header that says of when it is and how much there is, and end with a footer", () => {
    const header = headerLine({ at: NEW_YEAR, rows: ROWS });
    expect(header).to.equal(
      `{"countersign":"export","version":1,"schema":1,"at":"2026-01-01T00:00:00.000Z","rows":${JSON.stringify(ROWS)}}\n`,
    );
    expect(parseHeader(header)).to.deep.equal({ at: NEW_YEAR, rows: ROWS });
    expect(footerLine(12)).to.equal('{"end":true,"rows":12}\n');
    expect(parseFooter(footerLine(12))).to.equal(12);
    expect(parseLine(footerLine(12), 14)).to.deep.equal({ kind: "footer", rows: 12 });
  });

  for (const table of TABLES) {
    it(`give back every row of ${table} as it was`, () => {
      expect(contents[table]).not.to.deep.equal([]);
      for (const row of contents[table]) {
        const line = rowLine<Table>(table, row);
        expect(line.indexOf("\n")).to.equal(line.length - 1);
        expect(parseLine(line, 2)).to.deep.equal({ kind: "row", of: { table, row } });
      }
    });
  }

  it("are the same for rows that differ in the order of their keys only", () => {
    const { source, signer, document } = LINK;
    expect(rowLine("links", { document, signer, source })).to.equal(rowLine("links", LINK));
    const [receipt] = contents.receipts;
    if (!receipt) throw new Error("there is no receipt");
    const withHeaders = (headers: Record<string, string>) =>
      rowLine("receipts", { ...receipt, receipt: { ...receipt.receipt, headers } });
    const odd = JSON.parse('{ "b": "1", "__proto__": "2", "a": "3" }');
    expect(withHeaders(odd)).to.equal(withHeaders(JSON.parse('{ "a": "3", "b": "1", "__proto__": "2" }')));
    expect(withHeaders(odd)).to.include('"headers":{"__proto__":"2","a":"3","b":"1"}');
  });

  const refusal = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      expect(error).to.include({ code: "bad_request" });
      return error instanceof Error ? error.message : "";
    }
    throw new Error("it was taken");
  };

  it("are refused when they are of a newer version, or of something else", () => {
    const header = {
      countersign: "export",
      version: 1,
      schema: 1,
      at: "2026-01-01T00:00:00.000Z",
      rows: ROWS,
    };
    const said = (given: object) => refusal(() => parseHeader(JSON.stringify({ ...header, ...given })));
    expect(said({ version: 2, more: "than we know" })).to.equal(
      "line 1: it was written by a newer Countersign (version 2, schema 1; this one reads 1 and 1): import it with that one",
    );
    expect(said({ schema: 3 })).to.include("newer Countersign (version 1, schema 3;");
    expect(said({ countersign: "invoice" })).to.include("line 1: this is no export of Countersign");
    expect(said({ rows: { ...ROWS, receipts: "many" } })).to.include("line 1 at `rows.receipts`: ");
    expect(refusal(() => parseHeader("hello"))).to.include("line 1: this is no export");
    expect(parseFooter("hello")).to.equal(null);
    expect(parseFooter('{"end":true}')).to.equal(null);
  });

  it("are refused with their number and the place when they are wrong, and without what stands there", () => {
    const said = (line: unknown) =>
      refusal(() => parseLine(typeof line === "string" ? line : JSON.stringify(line), 17));
    const { document: _, ...lacking } = LINK;
    expect(said('{"table":')).to.equal("line 17: this is no JSON object");
    expect(said({ table: "bills", row: {} })).to.include(
      "line 17: `table` must be one of receipts, rejections,",
    );
    expect(said({ table: "links", row: LINK, by: "hand" })).to.equal("line 17: `by` is not known here");
    expect(said({ table: "links", row: lacking })).to.match(/^line 17 at `document`: /);
    expect(said({ table: "links", row: { ...LINK, colour: 1 } })).to.match(/^line 17: .*"colour"/);
    expect(said({ end: "yes", rows: 1 })).to.match(/^line 17 at `end`: /);

    const [document, receipt] = [contents.documents.at(-1), contents.receipts[0]];
    if (!document || !receipt) throw new Error("a table is empty");
    const signers = [{ ...document.document.signers[0], id: 5, email: "ann@example.org" }];
    const wrong = said({
      table: "documents",
      row: { ...document, document: { ...document.document, signers } },
    });
    expect(wrong)
      .to.match(/^line 17 at `document\.signers\.0\.id`: /)
      .and.not.include("@");
    expect(said({ table: "receipts", row: { ...receipt, body: "no base64!" } })).to.include(
      "line 17 at `body`: is not base64",
    );
    expect(said({ table: "receipts", row: { ...receipt, body: "" } })).to.include(
      "line 17 at `body`: is not as long as `receipt.size` says",
    );
    expect(said({ table: "receipts", row: { ...receipt, position: 0 } })).to.match(
      /^line 17 at `position`: /,
    );
  });
});
