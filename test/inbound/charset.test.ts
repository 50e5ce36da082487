import { expect } from "chai";
import { FORM, signedByLumin, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { aRequest, channelOf, read, shipped } from "./posts.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
const form = (charset: string) => ({ "content-type": `${FORM["content-type"]}; charset=${charset}` });
const ITEM = "resource_uri=%2Fapi%2Fv1%2Fdocument%2F7c0d%2F&code=30";

/** The title that a post of Legalesign's legacy form gives, and the problems. */
async function upon(headers: Record<string, string>, body: string | Uint8Array) {
  const { drafts, problems } = read(
    aRequest({ headers, body, query: new URLSearchParams("trigger=signed") }),
    await shipped("legalesign", "upon"),
  );
  return { title: drafts[0]?.document?.title, messages: problems.map(({ message }) => message) };
}

const CHANNEL = channelOf(`provider: acme
title: Acme
tables: { t: { a: document.sent } }
channels:
  main: { title: Main, event: { word: { from: w, table: t }, document: { id: id, title: title } } }
`);
const json = (body: string | Uint8Array, type = "application/json") => {
  const { drafts, problems } = read(aRequest({ body, headers: { "content-type": type } }), CHANNEL);
  return { title: drafts[0]?.document?.title, messages: problems.map(({ message }) => message) };
};
const TEXT = '{"w":"a","id":"1","title":"Café lease"}';

describe("a form in another charset than UTF-8", () => {
  afterEach(tidy);

  it("is read by the charset of its content type, escaped or not", async () => {
    const good = { title: "Café lease", messages: [] };
    for (const charset of ["iso-8859-1", "ISO-8859-1", '"latin1"', "windows-1252", "iso-8859-15"]) {
      expect(await upon(form(charset), `${ITEM}&name=Caf%E9+lease`), charset).to.deep.equal(good);
      expect(await upon(form(charset), latin1(`${ITEM}&name=Caf\xe9+lease`)), charset).to.deep.equal(good);
    }
    expect(await upon(form("utf8"), `${ITEM}&name=Caf%C3%A9+lease`)).to.deep.equal(good);
    expect(await upon(FORM, `_charset_=iso-8859-1&${ITEM}&name=Caf%E9+lease`)).to.deep.equal(good);
    const shiftJis = await upon(form("shift_jis"), `${ITEM}&name=%8C_%96%F1`);
    expect(shiftJis).to.deep.equal({ title: "契約", messages: [] });
  });

  it("is read with a problem for each field with invalid bytes, and makes its events", async () => {
    expect(await upon(FORM, `${ITEM}&name=Caf%E9`)).to.deep.equal({
      title: "Caf\ufffd",
      messages: ["field:name has bytes that are not valid UTF-8, each shown as U+FFFD"],
    });
  });

  it("is read as UTF-8, with a problem, where its charset is unknown", async () => {
    const { title, messages } = await upon(form("klingon"), `${ITEM}&name=Caf%C3%A9`);
    expect(title).to.equal("Café");
    expect(messages).to.include(
      'field:name is in a charset that is not known ("klingon"), and is read as UTF-8',
    );
  });

  it("has one problem for a field of all items of a long batch, and is stored as it came", async () => {
    const bridge = await startBridge();
    const items = Array.from({ length: 600 }, (_, i) => ({
      value: "10",
      name: "status",
      timestamp: "2022-07-11T07:28:25",
      resource_uri: `/api/v1/document/caf\xe9-${i}/`,
    }));
    const body = latin1(`data=${JSON.stringify(items)}`);
    const bad = await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM);
    expect(bad.body).to.include({ events: 600 });
    const stored = (await bridge.admin(`/api/v1/receipts/${bad.body.receipt}`)).body;
    expect(stored.problems).to.have.length(1);
    expect(stored.problems[0]).to.include({ kind: "invalid", item: null, field: "field:data" });
    expect(Buffer.from(stored.body, "base64").equals(body)).to.equal(true);
    const good = await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, body, form("iso-8859-1"));
    expect(good.body).to.include({ events: 600, problem: null });
    expect((await bridge.admin("/api/v1/documents/caf%C3%A9-7")).status).to.equal(200);
  });
});

describe("JSON in another charset than UTF-8", () => {
  afterEach(tidy);

  it("is read by its content type's charset or its mark, and valid UTF-8 as UTF-8", () => {
    const good = { title: "Café lease", messages: [] };
    expect(json(latin1(TEXT), "application/json; charset=iso-8859-1")).to.deep.equal(good);
    expect(json(TEXT, "application/json; charset=iso-8859-1")).to.deep.equal(good);
    expect(json(`\ufeff${TEXT}`)).to.deep.equal(good);
    for (const mark of ["", "\ufeff"]) {
      expect(json(utf16be(mark + TEXT), "application/json; charset=UTF-16")).to.deep.equal(good);
      expect(json(Buffer.from(mark + TEXT, "utf16le"), "application/json; charset=utf-16")).to.deep.equal(
        good,
      );
    }
    expect(json(utf16be(`\ufeff${TEXT}`))).to.deep.equal(good);
    expect(json(Buffer.from(TEXT, "utf16le"), "application/json; charset=utf-16le")).to.deep.equal(good);
  });

  it("has a problem where bytes are invalid or the charset unknown, and makes its events", () => {
    expect(json(latin1(TEXT))).to.deep.equal({
      title: "Caf\ufffd lease",
      messages: ["body has bytes that are not valid UTF-8, each shown as U+FFFD"],
    });
    expect(json(TEXT, "application/json; charset=klingon")).to.deep.equal({
      title: "Café lease",
      messages: ['body is in a charset that is not known ("klingon"), and is read as UTF-8'],
    });
  });

  it("is answered with 200 and the problems, in a genuine post", async () => {
    const bridge = await startBridge();
    const body = latin1(
      '{"event":{"event_type":"signature_request_created","event_time":1700000000000},' +
        '"signature_request":{"signature_request_id":"r","title":"Caf\xe9"}}',
    );
    const answer = await bridge.post("/in/lumin/account", body, signedByLumin(body));
    expect([answer.status, answer.body.events]).to.deep.equal([200, 1]);
    expect(answer.body.problem).to.match(/^body has bytes that are not valid UTF-8/);
  });
});
