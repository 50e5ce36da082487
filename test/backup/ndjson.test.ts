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
  tallies: 10,
  notes: 11,
  proofs: 12,
  exceptions: 13,
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

  it("begin with a header of the time and the row counts, and end with a footer", () => {
    const header = headerLine({ at: NEW_YEAR, rows: ROWS });
    expect(header).to.equal(
      '{"countersign":"export","version":1,"schema":3,"at":"2026-01-01T00:00:00.000Z",' +
        `"rows":${JSON.stringify(ROWS)}}\n`,
    );
    expect(parseHeader(header)).to.deep.equal({ at: NEW_YEAR, rows: ROWS });
    expect(footerLine(12)).to.equal('{"end":true,"rows":12}\n');
    expect(parseFooter(footerLine(12))).to.equal(12);
    expect(parseLine(footerLine(12), 14)).to.deep.equal({ kind: "footer", rows: 12 });
  });

  for (const table of TABLES) {
    it(`hold every row of ${table} without loss`, () => {
      expect(contents[table]).not.to.deep.equal([]);
      for (const row of contents[table]) {
        const line = rowLine<Table>(table, row);
        expect(line.indexOf("\n")).to.equal(line.length - 1);
        expect(parseLine(line, 2)).to.deep.equal({ kind: "row", of: { table, row } });
      }
    });
  }

  it("are the same for rows that differ only in the order of their keys", () => {
    const { source, signer, document } = LINK;
    expect(rowLine("links", { document, signer, source })).to.equal(rowLine("links", LINK));
    const [receipt = expect.fail("no receipt")] = contents.receipts;
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
      return error instanceof Error ? error.message : expect.fail("no Error");
    }
    throw new Error("it was accepted");
  };

  it("are refused when a newer version or another program wrote them", () => {
    const header = {
      countersign: "export",
      version: 1,
      schema: 1,
      at: "2026-01-01T00:00:00.000Z",
      rows: ROWS,
    };
    const messageFor = (given: object) => refusal(() => parseHeader(JSON.stringify({ ...header, ...given })));
    expect(messageFor({ version: 2, more: "than we know" })).to.equal(
      "line 1: it was written by a newer Countersign (version 2, schema 1; this one reads 1 and 3): " +
        "import it with that one",
    );
    expect(messageFor({ schema: 4 })).to.include("newer Countersign (version 1, schema 4;");
    expect(messageFor({ countersign: "invoice" })).to.include("line 1: this is no export of Countersign");
    expect(messageFor({ rows: { ...ROWS, receipts: "many" } })).to.include("line 1 at `rows.receipts`: ");
    expect(refusal(() => parseHeader("hello"))).to.include("line 1: this is no export");
    expect(parseFooter("hello")).to.equal(null);
    expect(parseFooter('{"end":true}')).to.equal(null);
  });

  it("are read where version 0.1.0 wrote them, before there were tallies and notes", () => {
    const { tallies: _, notes: __, ...rows } = ROWS;
    const header = { countersign: "export", version: 1, schema: 1, at: "2026-01-01T00:00:00.000Z", rows };
    expect(parseHeader(JSON.stringify(header))).to.deep.equal({
      at: NEW_YEAR,
      rows: { ...ROWS, tallies: 0, notes: 0 },
    });
  });

  it("are refused with line number and place when they are wrong, without their content", () => {
    const messageFor = (line: unknown) =>
      refusal(() => parseLine(typeof line === "string" ? line : JSON.stringify(line), 17));
    const { document: _, ...lacking } = LINK;
    expect(messageFor('{"table":')).to.equal("line 17: this is no JSON object");
    expect(messageFor({ table: "bills", row: {} })).to.include(
      "line 17: `table` must be one of receipts, rejections,",
    );
    expect(messageFor({ table: "links", row: LINK, by: "hand" })).to.equal("line 17: `by` is not known here");
    expect(messageFor({ table: "links", row: lacking })).to.match(/^line 17 at `document`: /);
    expect(messageFor({ table: "links", row: { ...LINK, colour: 1 } })).to.match(/^line 17: .*"colour"/);
    expect(messageFor({ end: "yes", rows: 1 })).to.match(/^line 17 at `end`: /);

    const document = contents.documents.at(-1) ?? expect.fail("no document");
    const receipt = contents.receipts[0] ?? expect.fail("no receipt");
    const signers = [{ ...document.document.signers[0], id: 5, email: "ann@example.org" }];
    const wrong = messageFor({
      table: "documents",
      row: { ...document, document: { ...document.document, signers } },
    });
    expect(wrong)
      .to.match(/^line 17 at `document\.signers\.0\.id`: /)
      .and.not.include("@");
    expect(messageFor({ table: "receipts", row: { ...receipt, body: "no base64!" } })).to.include(
      "line 17 at `body`: is not base64",
    );
    expect(messageFor({ table: "receipts", row: { ...receipt, body: "" } })).to.include(
      "line 17 at `body`: is not as long as `receipt.size` says",
    );
    expect(messageFor({ table: "receipts", row: { ...receipt, position: 0 } })).to.match(
      /^line 17 at `position`: /,
    );
  });
});
