import { expect } from "chai";
import { pino } from "pino";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { configText, startBridge, tidy } from "../support/bridge.ts";
import { aDocument, aDraft, aReceipt, aRecordRequest, aSigner, NEW_YEAR } from "../support/builders.ts";
import { EVIL, type Filled, filledBridge, PERSON, TRICKY } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, visit, withTokens } from "./visitor.ts";

const LISTS = ["/documents", "/events", "/deliveries", "/requests", "/requests/refused", "/audit"];

/** The cells of a file after RFC 4180, by their headings. */
function rowsOf(csv: string): Record<string, string>[] {
  const records: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/gy;
  for (
    let match = cell.exec(csv.replace(/^\ufeff/, ""));
    match;
    match = cell.exec(csv.replace(/^\ufeff/, ""))
  ) {
    const [, value = "", end] = match;
    records.at(-1)?.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === "") break;
    if (end === "\r\n") records.push([]);
  }
  const [headings = [], ...rows] = records;
  const whole = rows.filter((row) => row.length === headings.length);
  return whole.map((row) => Object.fromEntries(headings.map((heading, n) => [heading, row[n] ?? ""])));
}

/** A bridge over a store with a document of each of these titles. */
async function bridgeWith(titles: readonly string[], change: (store: Store) => Partial<Store> = () => ({})) {
  const store = openSqliteStore({ file: ":memory:", token: () => "token" });
  for (const [n, title] of titles.entries()) {
    const about = { ...aDocument(`d${n}`), title };
    const draft = aDraft({ source: "lumin", document: about, time: NEW_YEAR + n, signer: aSigner("ann") });
    const receipt = aReceipt({ source: "lumin", receivedAt: NEW_YEAR + n });
    await store.record(aRecordRequest([draft], { receipt, subscribers: [] }));
  }
  const bridge = await startBridge(withTokens(), { store: { ...store, ...change(store) } });
  const visitor = visit(bridge);
  await visitor.signIn(ACT);
  return { bridge, visitor };
}

describe("the files of the console", () => {
  afterEach(tidy);

  it("are offered on every list, with its filters", async () => {
    const { visitor } = await startConsole();
    for (const path of LISTS) {
      expect((await visitor.get(path)).html, path).to.include(`href="${path}.csv" download`);
      const filtered = await visitor.get(`${path}?since=1d`);
      expect(filtered.html, path).to.include(`href="${path}.csv?since=1d" download`);
    }
  });

  describe("of a bridge with something on every list", () => {
    let filled: Filled;
    beforeEach(async () => {
      filled = await filledBridge();
    });

    async function asked(token: string) {
      const visitor = visit(filled.bridge);
      await visitor.signIn(token);
      return { visitor, rows: async (path: string) => rowsOf((await visitor.get(path)).html) };
    }

    it("have the rows of their lists, as a file to keep", async () => {
      const { visitor, rows } = await asked(LOOK);
      const answer = await visitor.get("/documents.csv");
      expect(answer.headers.get("content-type")).to.equal("text/csv; charset=utf-8; header=present");
      expect(answer.headers.get("content-disposition")).to.match(
        /^attachment; filename="documents-\d{4}-\d\d-\d\d\.csv"$/,
      );
      expect(answer.headers.get("cache-control")).to.equal("no-store");
      const ids = async (path: string) => (await rows(path)).map(({ id }) => id);
      expect(await ids("/documents.csv")).to.have.members(["doc-evil", "doc-tricky", "d1"]);
      expect(await ids("/requests.csv")).to.include(filled.requests.genuine);
      expect(await ids("/requests/refused.csv")).to.deep.equal([filled.requests.refused]);
      expect(await ids("/events.csv?document=doc-evil")).to.include(filled.event);
      expect(await rows("/deliveries.csv")).to.satisfy((all: Record<string, string>[]) =>
        all.every((one) => one.status === "parked" && one.destination === "erp"),
      );
      expect(await rows("/deliveries.csv?status=delivered&destination=crm")).not.to.be.empty;
    });

    it("show titles truly and inertly", async () => {
      const { rows } = await asked(LOOK);
      const titles = (await rows("/documents.csv?source=lumin")).map(({ title }) => title);
      expect(titles).to.include(EVIL);
      expect(titles.join()).to.include("Deed \\u{202e}gnihton").and.include('next & "last"');
      expect(TRICKY).to.include("\u202e");
    });

    it("mask personal data, unless it is shown, which the audit keeps", async () => {
      const { visitor, rows } = await asked(ACT);
      const all = async () =>
        (await Promise.all(LISTS.map((path) => visitor.get(`${path}.csv`))))
          .map(({ html }) => html)
          .join("\n");
      expect(await all())
        .not.to.include(PERSON.email)
        .and.not.include(PERSON.name);
      expect((await rows("/audit.csv")).filter(({ action }) => action === "download")).to.deep.equal([]);
      await visitor.post("/personal-data/show", { back: "/documents", reason: "a signer asked" });
      expect((await visitor.get("/documents.csv")).html).to.include(`${PERSON.name} <${PERSON.email}>`);
      const [kept] = await rows("/audit.csv?action=download");
      expect(kept).to.include({ why: "personal data was shown", details: '{"list":"/documents.csv"}' });
      expect(kept?.who).to.match(/^ada at /);
    });

    it("are a page that says what is wrong with the query, and none without a session", async () => {
      const { visitor } = await asked(LOOK);
      const wrong = await visitor.get("/documents.csv?status=nonsense");
      expect(wrong.status).to.equal(400);
      expect(wrong.headers.get("content-type")).to.include("text/html");
      expect(wrong.text).to.include("Status: must be one of created,");
      expect((await visit(filled.bridge).get("/documents.csv")).status).to.equal(401);
    });
  });

  it("have all pages of a list, each row once", async () => {
    const titles = Array.from({ length: 1_203 }, (_, n) => `Title ${n}`);
    const { visitor } = await bridgeWith(titles);
    const rows = rowsOf((await visitor.get("/documents.csv")).html);
    expect(rows.map(({ title }) => title)).to.deep.equal(titles.toReversed());
  });

  it("have nothing that a spreadsheet would run, and keep commas, quotes and line breaks", async () => {
    const titles = ["=1+1", "+1", "-1", "@sum", "\t=1", "\uff1d1", 'a, "b"', "two\nlines", "'quoted", ""];
    const { visitor } = await bridgeWith(titles);
    const rows = rowsOf((await visitor.get("/documents.csv")).html);
    expect(rows.map(({ title }) => title).toReversed()).to.deep.equal([
      ...["'=1+1", "'+1", "'-1", "'@sum", "\\u{9}=1", "'\uff1d1"],
      ...['a, "b"', "two\\u{a}lines", "'quoted", ""],
    ]);
  });

  it("end their connection where the store fails in the middle, and the log says so", async () => {
    const lines: string[] = [];
    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    for (let n = 0; n < 501; n += 1) {
      const draft = aDraft({ document: aDocument(`d${n}`), time: NEW_YEAR + n });
      await store.record(aRecordRequest([draft], { subscribers: [] }));
    }
    const findDocuments: Store["findDocuments"] = async (filter, page) => {
      if (page.cursor !== undefined) throw new Error("the disk is gone");
      return store.findDocuments(filter, page);
    };
    const bridge = await startBridge(configText(), {
      store: { ...store, findDocuments },
      logger: pino({ level: "error" }, { write: (line) => void lines.push(line) }),
    });
    const answer = await fetch(`${bridge.adminUrl}/documents.csv`);
    expect(answer.status).to.equal(200);
    expect(await answer.text().catch(() => "broken off")).to.equal("broken off");
    expect(lines.join()).to.include("the disk is gone");
  });
});
