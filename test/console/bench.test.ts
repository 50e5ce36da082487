import { readFileSync } from "node:fs";
import { expect } from "chai";
import { type Bridge, FORM, signedByLumin, TOKEN, tidy } from "../support/bridge.ts";
import { luminPost, PERSON } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, visit } from "./visitor.ts";

const LEGALESIGN = readFileSync(new URL("../../mappings/legalesign.yaml", import.meta.url), "utf8");
const bearer = { authorization: `Bearer ${ACT}` };
const item = (value: string, document: string, timestamp = "2022-07-11T07:28:25+00:00") => ({
  ...{ value, timestamp, name: "status" },
  resource_uri: `/api/v1/document/${document}/`,
});
const batch = (...items: object[]) => `data=${encodeURIComponent(JSON.stringify(items))}`;
const lineOf = (text: string) => LEGALESIGN.split("\n").findIndex((line) => line.includes(text)) + 1;
const post = (bridge: Bridge, ...items: object[]) =>
  bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batch(...items), FORM);
/** "30" means something else. */
const CHANGED = LEGALESIGN.replace(
  '"30": { event: document.completed, meaning: Complete (signed) }',
  '"30": { event: document.expired, meaning: Complete }',
);

async function idOf(bridge: Bridge): Promise<string> {
  return (await bridge.admin("/api/v1/receipts", bearer)).body.items[0].id;
}

/** Everything that the store lists. */
async function listsOf(bridge: Bridge): Promise<string> {
  const lists = ["events", "receipts", "rejections", "documents", "deliveries", "audit"];
  const all = await Promise.all(lists.map((list) => bridge.admin(`/api/v1/${list}`, bearer)));
  return JSON.stringify(all.map(({ body }) => body));
}

describe("the mapping bench", () => {
  afterEach(tidy);

  it("shows the events of a pasted request, and the line of the mapping behind each part", async () => {
    const { bridge } = await startConsole();
    const visitor = visit(bridge);
    await visitor.signIn(LOOK);
    const body = batch(item("10", "d1"), item("77", "d1"), item("20", "d1", "yesterday"));
    const { status, text } = await visitor.post("/bench", { channel: "legalesign/batch", body });
    expect(status).to.equal(200);
    expect(text)
      .to.include("2 events and 1 problem")
      .and.include("document sent for signing")
      .and.include("timestamp is not a time")
      .and.include(`document.sent${lineOf('"10": { event: document.sent')} "10": { event: document.sent`)
      .and.match(/unknown ?\d+ table:/);
    expect(
      JSON.parse(await listsOf(bridge)).every(({ items }: { items: unknown[] }) => items.length === 0),
    ).to.equal(true);
  });

  it("reads bytes that are pasted in base64 or hexadecimal, with a query and a content type", async () => {
    const { visitor } = await startConsole();
    const form = Buffer.from("uuid=d1&resource_uri=/documents/d1/");
    for (const [written, body] of [
      ["base64", form.toString("base64")],
      ["hex", form.toString("hex").replace(/(..)/g, "$1 ")],
      ["text", `${form}\r\n`],
    ] as const) {
      const fields = { channel: "legalesign/upon", written, body, query: "?trigger=sent" };
      expect((await visitor.post("/bench", fields)).text, written).to.include("1 event and 0 problems");
    }
    const bad = await visitor.post("/bench", { channel: "legalesign/upon", written: "hex", body: "xyz" });
    expect([bad.status, bad.text.includes("The body is not written in hex")]).to.deep.equal([400, true]);
    expect((await visitor.post("/bench", { channel: "nobody/here", body: "{}" })).status).to.equal(400);
  });

  it("shows a kept request with the ids of its events, its values only with personal data shown", async () => {
    const { bridge, visitor } = await startConsole();
    const body = luminPost("d1", "A secret title", "created", Date.now());
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const { id } = (await bridge.admin("/api/v1/events", bearer)).body.items[0];
    const address = `/bench?request=${await idOf(bridge)}`;
    const masked = await visitor.get(address);
    expect(masked.html)
      .to.include(`href="/events/${id}"`)
      .and.not.include(PERSON.email)
      .and.not.include("A secret title");
    expect(masked.text).to.include("Values are hidden");
    await visitor.post("/personal-data/show", { reason: "a test", back: address });
    expect((await visitor.get(address)).text)
      .to.include(PERSON.email)
      .and.include("A secret title");
    expect((await visitor.get("/bench?request=rcp_none")).status).to.equal(404);
  });

  it("reads with a second mapping beside the one in force, and says what differs", async () => {
    const { bridge, visitor } = await startConsole();
    await post(bridge, item("10", "d1"), item("30", "d1"));
    const before = await listsOf(bridge);
    const fields = { request: await idOf(bridge), next: CHANGED.replaceAll("\n", "\r\n") };
    const { text } = await visitor.post("/bench", fields);
    expect(text)
      .to.match(/document\.completed \(document 30\) evt_\w+?! vanishes/)
      .and.match(/document\.expired \(document 30\) evt_\w+?… appears/)
      .and.include("△ differs: document.expired")
      .and.include("✓ the same");
    const same = await visitor.post("/bench", { ...fields, next: LEGALESIGN });
    expect(same.text).to.include("Nothing: both read it the same.");
    expect(await listsOf(bridge)).to.equal(before);
  });

  it("checks a second mapping as countersign check does, with every mistake by its line", async () => {
    const { visitor } = await startConsole();
    const read = async (next: string) =>
      visitor.post("/bench", { channel: "legalesign/batch", body: batch(item("10", "d1")), next });
    const broken = LEGALESIGN.replace("as: iso", "as: sundial").replace(
      "event: document.sent,",
      "event: document.snt,",
    );
    const { text } = await read(broken);
    expect(text)
      .to.include("The pasted mapping is not good")
      .and.match(new RegExp(`sundial.*?${lineOf("as: iso")} ?time: \\{ path: timestamp, as: sundial`))
      .and.include("document.snt")
      .and.include("1 event and 0 problems");
    expect((await read("tables: [")).text).to.include("not valid YAML");
    expect((await read(LEGALESIGN.replace("provider: legalesign", "provider: other"))).status).to.equal(400);
    expect((await read(`# ${"x".repeat(300_000)}`)).status).to.equal(400);
    const without = await read(LEGALESIGN.replace("  batch:\n", "  other:\n"));
    expect(without.text).to.include("has no channel batch");
  });

  it("compares days of requests page by page, and adds up over the pages", async () => {
    const { bridge, visitor } = await startConsole();
    const count = 520;
    for (let from = 0; from < count; from += 20)
      await Promise.all(Array.from({ length: 20 }, (_, n) => post(bridge, item("30", `d${from + n}`))));
    await post(bridge, item("10", "one"));
    const before = await listsOf(bridge);
    let { html, text } = await visitor.post("/bench/diff", {
      source: "legalesign",
      since: "7d",
      next: CHANGED,
    });
    expect(text).to.include("compared so far").and.include("Go on with older requests");
    let pages = 1;
    for (; text.includes("Go on with older"); pages += 1) {
      const form = html.slice(0, html.indexOf("Go on with older")).split('<form class="action"').at(-1) ?? "";
      const hidden = [...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name = "", value = ""]) => [
        name,
        value
          .replaceAll("&quot;", '"')
          .replaceAll("&gt;", ">")
          .replaceAll("&#39;", "'")
          .replaceAll("&lt;", "<")
          .replaceAll("&amp;", "&"),
      ]);
      ({ html, text } = await visitor.post("/bench/diff", Object.fromEntries(hidden)));
    }
    expect(pages).to.be.above(1);
    expect(text)
      .to.include(
        `Of ${count + 1} kept requests of legalesign, ${count} would be read differently: ${count} events would vanish`,
      )
      .and.include("requests that are read the same1");
    expect(await listsOf(bridge)).to.equal(before);
  });

  it("names the parts that change, and what can be read no longer or only now", async () => {
    const { bridge, visitor } = await startConsole();
    await post(bridge, item("30", "d1"), item("30", "d2", "yesterday"));
    const next = LEGALESIGN.replace(
      "      time: { path: timestamp, as: iso }\n",
      "      time: { path: timestamp, as: iso, optional: true }\n      reason: name\n",
    );
    const { text } = await visitor.post("/bench/diff", { source: "legalesign", next });
    expect(text)
      .to.include("1 would be read differently: nothing would be lost")
      .and.match(/part ?events ?reason ?1/);
    const worse = await visitor.post("/bench/diff", {
      source: "legalesign",
      next: LEGALESIGN.replace('id: { path: resource_uri, pattern: "/documents?/([^/]+)" }', "id: nowhere"),
    });
    expect(worse.text).to.include("would fail").and.include("no longer readable");
    const none = await visitor.post("/bench/diff", {
      source: "legalesign",
      since: "2099-01-01T00:00:00Z",
      next,
    });
    expect(none.text).to.include("No kept request matches.");
    expect((await visitor.post("/bench/diff", { source: "legalesign", sofar: "{", next })).status).to.equal(
      400,
    );
  });

  it("tells which words of the tables occur, which never did, and which no table has", async () => {
    const { bridge, visitor } = await startConsole();
    await post(bridge, item("10", "d1"), item("100", "d1"), item("77", "d1"));
    await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, "uuid=d2&event=100", FORM);
    const { html, text } = await visitor.get("/bench/words?source=legalesign");
    expect(text).to.match(
      /In 5 events of legalesign, 3 of \d+ words of the tables occur, and 1 word is unknown/,
    );
    const row = (table: string, word: string) => {
      const [, rest = ""] = html.split(`<h2>Table ${table}</h2>`);
      const [found = ""] =
        rest
          .split("</section>")[0]
          ?.split("<tr>")
          .filter((one) => one.includes(`>${word}</`)) ?? [];
      return found.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
    };
    // The batch and the upon post have a table of their own for the same word.
    expect(row("document", "100")).to.match(/yes 1 /);
    expect(row("upon", "100")).to.match(/yes 2 /);
    expect(row("signer", "10")).to.include("never");
    expect(row("document", "10")).to.include(` ${lineOf('"10": { event: document.sent')} `);
    expect(text).to.include("document 77");
    expect((await visitor.get("/bench/words?source=nobody")).text).to.include(
      "This source is not configured.",
    );
    expect((await visitor.post("/bench/words", { source: "legalesign", seen: "[]" })).status).to.equal(400);
  });
});
