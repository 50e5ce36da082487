import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { verifyCommand } from "../../src/console/screens/sent.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import {
  configText,
  FORM,
  SECRET,
  signedByLumin,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { EVIL, type Filled, filledBridge, luminPost, PERSON, TRICKY } from "./filled-bridge.ts";
import { ACT, startConsole, type Visitor, visit, withTokens } from "./visitor.ts";

const run = promisify(execFile);

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'";

describe("a page of the console", () => {
  let filled: Filled;
  let visitor: Visitor;
  before(async () => {
    filled = await filledBridge();
    visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
  });
  after(tidy);
  const paths = () => [
    "/",
    "/documents",
    `/document?source=lumin&id=${filled.documents.evil}`,
    "/events",
    `/events/${filled.event}`,
    `/replay?destination=erp`,
    "/deliveries",
    "/acknowledge?destination=erp",
    "/destinations",
    "/destinations/crm",
    "/jobs",
    "/audit",
    "/configuration?all=1",
    "/personal-data",
    "/nothing",
  ];

  it("allows nothing from elsewhere, and has no script, style or handler in it", async () => {
    for (const path of paths()) {
      const { html, headers } = await visitor.get(path, { accept: "text/html" });
      expect(headers.get("content-security-policy"), path).to.include(POLICY);
      expect(headers.get("x-content-type-options"), path).to.equal("nosniff");
      expect(headers.get("cache-control"), path).to.equal("no-store");
      expect(html, path).not.to.match(/<script(?![^>]* src="\/assets\/)|<style|<[^>]* style=|<[^>]* on\w+=/i);
      expect(html, path).not.to.match(/(?:src|href|action)="(?!\/|#)/);
    }
  });

  it("begins with a heading and a sentence, and says the same to a program that follows no script", async () => {
    for (const path of paths()) {
      const { html } = await visitor.get(path, { accept: "text/html" });
      expect(html, path).to.match(/<h1>.+?<\/h1><p class="sentence">.+?<\/p>/s);
    }
  });

  it("says which bridge it is, where the configuration names it", async () => {
    const text = configText().replace("admin: { port: 0 }", "admin: { port: 0, name: <production> }");
    expect((await visit(await startBridge(text)).get("/")).text).to.include("Countersign<production>");
  });

  it("is compressed where the browser takes that, and is the same then", async () => {
    const response = await fetch(`${filled.bridge.adminUrl}/documents`, {
      headers: { cookie: visitor.cookie ?? "", "accept-encoding": "gzip" },
    });
    expect(response.headers.get("content-encoding")).to.equal("gzip");
    expect(await response.text()).to.include("<h1><bdi>Documents</bdi></h1>");
    const plain = await visitor.get("/documents", { "accept-encoding": "identity" });
    expect([
      plain.headers.get("content-encoding"),
      plain.html.includes("<h1><bdi>Documents</bdi></h1>"),
    ]).to.deep.equal([null, true]);
  });

  it("shows a title that is markup as text", async () => {
    for (const path of ["/documents", `/document?source=lumin&id=${filled.documents.evil}`, "/events"]) {
      const { html, text } = await visitor.get(path);
      expect(html, path).not.to.include("<img");
      expect(text, path).to.include(EVIL);
    }
  });

  it("shows characters that reorder or control text by their numbers", async () => {
    const { html, text } = await visitor.get(`/document?source=lumin&id=${filled.documents.tricky}`);
    expect(html).not.to.include("\u202e").and.not.include("\u202c").and.not.include("\u001b");
    expect(text)
      .to.include("Deed U+202EgnihtonU+202C")
      .and.include("U+001B[31mred")
      .and.include('next & "last"');
    expect(TRICKY).to.include("\u202e");
  });

  it("is a page that says what to do for what does not exist, cannot be read or is not allowed", async () => {
    const cases: [string, number, RegExp][] = [
      ["/events/evt_unknown", 404, /There is no event evt_unknown\..*Search the documents/],
      ["/document?id=unknown", 404, /There is no document unknown\..*Search the documents/],
      ["/document", 400, /has no id of a document/],
      ["/documents?cursor=!!", 400, /cursor.*Begin at the first page.*remove all filters/],
      ["/events?type=nonsense", 400, /Type: must be an event type/],
      ["/events?unknown=1", 400, /nrecognized key.*unknown/],
      ["/replay?destination=nobody", 404, /There is no destination nobody: there are crm, erp\./],
      ["/nothing", 404, /There is no page \/nothing\./],
      [`/documents?search=${"x".repeat(201)}`, 400, /must have 1 to 200 characters/],
      ["/events/%E0%A4%A", 404, /There is no event/],
      [`/events/${encodeURIComponent(EVIL)}`, 404, /There is no event <img src=x/],
    ];
    for (const [path, status, words] of cases) {
      const page = await visitor.get(path, { accept: "text/html" });
      expect(page.status, path).to.equal(status);
      expect(page.text, path).to.match(words);
      expect(page.html, path).to.include("<nav").and.not.include("<img");
    }
  });

  it("tells apart that there is nothing, that nothing matches, and that it could not be loaded", async () => {
    const none = await visitor.get("/documents?search=nothing-like-it");
    expect(none.html).to.include('class="notice no-match"');
    expect(none.text).to.include("No document matches.").and.include("Show all documents");

    const store = openSqliteStore({ file: ":memory:", token: () => "token" });
    let isBroken = false;
    const findDocuments: typeof store.findDocuments = async (...given) => {
      if (isBroken) throw new Error("the disk is gone");
      return store.findDocuments(...given);
    };
    const bridge = await startBridge(configText(), { store: { ...store, findDocuments } });
    const fresh = visit(bridge);
    const empty = await fresh.get("/documents");
    expect(empty.html).to.include('class="notice empty"');
    expect(empty.text).to.include("No document is known yet.").and.include("countersign simulate");
    isBroken = true;
    const broken = await fresh.get("/documents");
    expect(broken.status).to.equal(500);
    expect(broken.html).to.include('class="notice not-loaded"');
    expect(broken.text)
      .to.include("the log says what")
      .and.include("Load it again")
      .and.not.include("the disk");
  });
});

describe("personal data in the console", () => {
  afterEach(tidy);
  const everywhere = ({ event, documents }: Filled) => [
    "/",
    "/documents",
    `/document?source=lumin&id=${documents.evil}`,
    "/events",
    `/events/${event}`,
  ];

  it("is masked on every page, also in the explanation and the event's JSON", async () => {
    const filled = await filledBridge();
    const visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
    for (const path of everywhere(filled)) {
      const { html } = await visitor.get(path);
      expect(html, path).not.to.include(PERSON.email).and.not.include(PERSON.name);
    }
    const document = await visitor.get(`/document?source=lumin&id=${filled.documents.evil}`);
    expect(document.text).to.include("G••• H•••").and.include("g•••@example.com");
    expect((await visitor.get(`/events/${filled.event}`)).text).to.include('"email": "g•••@example.com"');
    expect((await visitor.get("/documents?search=grace@example.com")).text).to.include("2 documents match");
  });

  it("is shown for 15 minutes after a reason was given, which the audit keeps without the address's query", async () => {
    const filled = await filledBridge();
    const visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
    const back = `/document?source=lumin&id=${filled.documents.evil}`;
    const answer = await visitor.post("/personal-data/show", { back, reason: "the customer called" });
    expect([answer.status, answer.headers.get("location")]).to.deep.equal([303, back]);
    const shown = await visitor.get(back);
    expect(shown.text)
      .to.include(PERSON.name)
      .and.include(PERSON.email)
      .and.include("Personal data is shown until");
    const audit = await filled.bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    const { action, caller, reason, details } = audit.body.items[0];
    expect([action, caller, reason, details.page]).to.deep.equal([
      "show",
      "ada at 127.0.0.1",
      "the customer called",
      "/document",
    ]);

    const other = visit(filled.bridge);
    await other.signIn(ACT);
    expect((await other.get(back)).text).not.to.include(PERSON.name);
    await visitor.post("/personal-data/hide", { back });
    expect((await visitor.get(back)).text).not.to.include(PERSON.name);
  });

  it("can be shown where nobody signs in, in that browser alone", async () => {
    const bridge = await startBridge();
    const body = luminPost("doc-1", "A title", "created", Date.now());
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const [visitor, other] = [visit(bridge), visit(bridge)];
    await visitor.post("/personal-data/show", { back: "/", reason: "a test" });
    expect((await visitor.get("/document?id=doc-1")).text).to.include(PERSON.name);
    expect((await other.get("/document?id=doc-1")).text).not.to.include(PERSON.name);
  });
});

describe("the pages of documents and events", () => {
  afterEach(tidy);

  it("show who told of an event, where it went and why not", async () => {
    const filled = await filledBridge();
    const visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
    const document = await visitor.get(`/document?source=lumin&id=${filled.documents.evil}`);
    expect(document.text)
      .to.include("did not arrive: parked")
      .and.include("● account")
      .and.include("✓ delivered");
    expect(document.text).to.include("! parked: rejected").and.include("last: 422");
    const event = await visitor.get("/document?id=d1");
    expect(event.text).to.include("● upon (2×)");
  });

  it("show exactly what was sent, with a command that verifies it", async () => {
    const receiver = await startReceiver();
    const { bridge, visitor } = await startConsole(
      withTokens(configText(`destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }`)),
    );
    const body = luminPost("doc-1", "It's “quoted” & <b>", "created", Date.now());
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const [sent] = await receiver.got(1);
    const id = sent?.headers["webhook-id"];
    await until(
      async () => (await visitor.get(`/events/${id}`)).text.includes("✓ delivered"),
      "it is settled",
    );
    expect((await visitor.get(`/events/${id}`)).text).to.include("show personal data first");

    await visitor.post("/personal-data/show", { back: "/", reason: "a test" });
    const { text, html } = await visitor.get(`/events/${id}`);
    for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"])
      expect(text).to.include(`${name}: ${sent?.headers[name]}`);
    expect(text).to.include(sent?.body.toString());
    expect(html).not.to.include(SECRET).and.not.include(SECRET.slice(6));
    const signed = `${id}.${sent?.headers["webhook-timestamp"]}.${sent?.body}`;
    const command = verifyCommand(signed);
    expect(text).to.include(command.replace(/\s+/g, " "));
    const { stdout } = await run("sh", ["-c", command], { env: { ...process.env, SECRET } });
    expect(`v1,${stdout.trim()}`).to.equal(sent?.headers["webhook-signature"]);
  });

  it("send again what is parked, after counting it", async () => {
    const filled = await filledBridge();
    const visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
    const counted = await visitor.get("/replay?destination=erp&document=doc-evil");
    expect(counted.text).to.include("2 events would be sent to erp again.");
    const done = await visitor.post("/replay", { destination: "erp", document: "doc-evil", reason: "fixed" });
    expect(done.status).to.equal(303);
    const next = await visitor.get(done.headers.get("location") ?? "");
    expect(next.text).to.include("2 events will be sent to erp again.");
    const audit = await filled.bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    expect(audit.body.items[0]).to.deep.include({ action: "replay", reason: "fixed" });
  });

  it("find a document of any id, and ask which source where several have it", async () => {
    const { bridge, visitor } = await startConsole(
      withTokens(
        configText().replace(
          "  legalesign:\n",
          "  other:\n    mapping: lumin\n    channels: { account: { secrets: [another-key-of-lumin] } }\n  legalesign:\n",
        ),
      ),
    );
    for (const id of ["a/b?c#d&e", "..", "%2e%2e", "ü 🎉", EVIL, "x".repeat(400)]) {
      const body = luminPost(id, `Title ${id.length}`, "created", Date.now());
      await bridge.post("/in/lumin/account", body, signedByLumin(body));
      const list = await visitor.get(`/documents?search=${encodeURIComponent(id.slice(0, 200))}`);
      const href = /data-row href="([^"]+)"/.exec(list.html)?.[1]?.replaceAll("&amp;", "&") ?? "";
      const page = await visitor.get(href);
      expect([page.status, page.text.includes(`Title ${id.length}`)], id.slice(0, 40)).to.deep.equal([
        200,
        true,
      ]);
    }
    const body = luminPost("..", "Of another source", "created", Date.now());
    await bridge.post("/in/other/account", body, signedByLumin(body, "another-key-of-lumin"));
    const choice = await visitor.get("/document?id=..");
    expect(choice.text).to.include("2 sources have a document with this id");
  });

  it("stay small and quick with a title of megabytes", async () => {
    const { bridge, visitor } = await startConsole(withTokens(configText("destinations: {}")));
    const body = luminPost("long", "A very long title ".repeat(200_000), "created", Date.now());
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const [{ id }] = (await bridge.admin("/api/v1/events", { authorization: `Bearer ${ACT}` })).body.items;
    for (const path of ["/documents", "/document?id=long", "/events", `/events/${id}`]) {
      const page = await visitor.get(path);
      expect(page.status, path).to.equal(200);
      expect(page.html.length, path).to.be.below(100_000);
      expect(page.text, path).to.include("A very long title");
    }
  });

  it("show numbers beyond 2^53 and bytes that are no UTF-8 as they came", async () => {
    const { bridge, visitor } = await startConsole();
    const data = encodeURIComponent(
      JSON.stringify([
        {
          value: "30",
          timestamp: "2022-07-11T07:29:09+00:00",
          resource_uri: "/api/v1/document/9007199254740993/",
          name: "status",
        },
      ]),
    );
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, `data=${data}`, FORM);
    expect((await visitor.get("/documents")).text).to.include("9007199254740993");
    const bytes = Buffer.concat([
      Buffer.from("uuid=bad"),
      Buffer.from([0xff, 0xfe]),
      Buffer.from("&event=100"),
    ]);
    await bridge.post(`/in/legalesign/upon?token=${TOKEN}`, bytes, FORM);
    expect((await visitor.get("/documents")).html).to.include("bad\ufffd\ufffd");
  });
});

describe("what needs a person", () => {
  afterEach(tidy);

  it("stands on the first page with its advice, until somebody says that they take care of it", async () => {
    const { bridge } = await filledBridge();
    const visitor = visit(bridge);
    await visitor.signIn(ACT);
    const page = await until(async () => {
      const now = await visitor.get("/");
      return now.text.includes("Parked for erp") && now;
    }, "the parked deliveries are found");
    expect(page.text)
      .to.match(/things? needs? you\./)
      .and.include("What needs you");
    const href = /href="(\/concern\?id=parked[^"]+)"/.exec(page.html)?.[1] ?? "";
    const form = await visitor.get(href.replaceAll("&amp;", "&"));
    const id = /name="id" value="([^"]+)"/.exec(form.html)?.[1] ?? "";
    const done = await visitor.post("/concern", { id, until: "1d", reason: "I asked the team of the ERP" });
    const next = await visitor.get(done.headers.get("location") ?? "");
    expect(next.text).to.include("You take care of it until");
    expect(next.text).to.include("Somebody takes care of").and.include("ada at 127.0.0.1 takes care of it");
    expect(next.text).to.include("I asked the team of the ERP");
    const audit = await bridge.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    expect(audit.body.items[0]).to.deep.include({ action: "acknowledge", caller: "ada at 127.0.0.1" });
    expect((await visitor.get("/concern?id=none")).text).to.include(
      "There is no concern none at this moment",
    );
  });
});
