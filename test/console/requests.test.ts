import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import {
  type Bridge,
  configText,
  FORM,
  LUMIN_KEY,
  signedByLumin,
  startBridge,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { luminPost, PERSON } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, type Visitor, visit, withTokens } from "./visitor.ts";

const bearer = { authorization: `Bearer ${ACT}` };

async function showing(bridge: Bridge): Promise<Visitor> {
  const visitor = visit(bridge);
  await visitor.signIn(ACT);
  await visitor.post("/personal-data/show", { reason: "a test", back: "/" });
  return visitor;
}

async function idOf(bridge: Bridge, list: "receipts" | "rejections", index = 0): Promise<string> {
  return (await bridge.admin(`/api/v1/${list}`, bearer)).body.items[index].id;
}

const lumin = (bridge: Bridge, body: string | Uint8Array, key?: string) =>
  bridge.post("/in/lumin/account", body, signedByLumin(body, key));
const upon = (bridge: Bridge, body: string | Uint8Array, token = TOKEN) =>
  bridge.post(`/in/legalesign/upon?token=${token}`, body, FORM);

describe("the requests of the console", () => {
  afterEach(tidy);

  it("are listed in two tabs, filtered by source, channel, problems, reason and time", async () => {
    const { bridge, visitor } = await startConsole();
    await lumin(bridge, luminPost("d1", "A", "created", Date.now()));
    await lumin(bridge, "{}");
    await upon(bridge, "uuid=d1&event=100");
    await lumin(bridge, "{}", "wrong");
    await upon(bridge, "uuid=d1&event=100", "wrong");
    const sentenceOf = async (path: string) =>
      /class="sentence">(.*?)</s.exec((await visitor.get(path)).html)?.[1] ?? "";
    expect(await sentenceOf("/requests")).to.match(/^3 genuine requests, the newest first/);
    expect(await sentenceOf("/requests?source=lumin")).to.match(/^2 genuine requests match/);
    expect(await sentenceOf("/requests?channel=upon&problems=")).to.match(/^1 genuine request matches/);
    expect(await sentenceOf("/requests?problems=true")).to.match(/^1 genuine request matches/);
    expect(await sentenceOf("/requests?since=2099-01-01T00:00:00Z")).to.equal("No genuine request is shown.");
    expect(await sentenceOf("/requests/refused")).to.match(/^2 refused requests, the newest first/);
    expect(await sentenceOf("/requests/refused?reason=TOKEN")).to.match(/^1 refused request matches/);
    const { html } = await visitor.get("/requests?source=lumin&problems=true");
    expect(html).to.include('href="/requests/refused?source=lumin"');
    expect((await visitor.get("/requests?reason=x")).status).to.equal(400);
  });

  it("show which check refused one, are verified again with the configuration in force, and processed", async () => {
    const { bridge } = await startConsole();
    const body = luminPost("d1", "A lease", "created", Date.now());
    await lumin(bridge, body, "the-secret-of-the-provider");
    const id = await idOf(bridge, "rejections");
    const visitor = await showing(bridge);
    const before = await visitor.get(`/requests/${id}`);
    expect(before.text)
      .to.include("It was refused: the signature does not match")
      .and.include("HMAC-SHA-256 ! fails")
      .and.include("in header:x-signature")
      .and.include("It would be refused again.");
    expect(before.html).not.to.include(LUMIN_KEY);
    expect((await visitor.get(`/requests/${id}/reprocess`)).text).to.include("Nothing would come of it");
    const { folder } = bridge;
    await bridge.stop();

    const mended = await startBridge(withTokens().replace(LUMIN_KEY, "the-secret-of-the-provider"), {
      folder,
    });
    const again = await showing(mended);
    const page = await again.get(`/requests/${id}`);
    expect(page.text).to.include("With the configuration in force it is genuine").and.include("✓ passes");
    const dry = await again.get(`/requests/${id}/reprocess`);
    expect(dry.text).to.include("1 happening would be read from it");
    expect((await mended.admin("/api/v1/receipts", bearer)).body.items).to.have.length(0);
    const done = await again.post(`/requests/${id}/reprocess`, { reason: "the secret was wrong" });
    expect(done.status).to.equal(303);
    const receipt = await idOf(mended, "receipts");
    expect(done.headers.get("location")).to.match(new RegExp(`^/requests/${receipt}`));
    const shown = await again.get(done.headers.get("location") ?? "");
    expect(shown.text)
      .to.include("The request was processed again: 1 new event.")
      .and.include("found genuine by hmac, and told 1 new event");
    expect((await again.get(`/requests/${id}`)).status).to.equal(404);
    const [entry] = (await mended.admin("/api/v1/audit", bearer)).body.items;
    expect(entry).to.deep.include({
      action: "reprocess",
      reason: "the secret was wrong",
      details: { request: id },
    });
  });

  it("say of a genuine one what passed then, what came of it and what could not be read", async () => {
    const { bridge, visitor } = await startConsole();
    const item = (value: string, timestamp: string) => ({
      value,
      timestamp,
      resource_uri: "/api/v1/document/d1/",
      name: "status",
    });
    const items = [item("10", "2022-07-11T07:28:25+00:00"), item("30", "yesterday")];
    await bridge.post(
      `/in/legalesign/batch?token=${TOKEN}`,
      `data=${encodeURIComponent(JSON.stringify(items))}`,
      FORM,
    );
    const { text, html } = await visitor.get(`/requests/${await idOf(bridge, "receipts")}`);
    expect(text)
      .to.include("told 1 new event, 1 problem")
      .and.include("Token in the URL ✓ passed when it came")
      .and.include("document sent for signing")
      .and.include("timestamp is not a time");
    expect(html).not.to.include(TOKEN);
  });

  it("are processed again all at once, after the page has counted them", async () => {
    const { bridge } = await startConsole();
    for (const id of ["d1", "d2"]) await lumin(bridge, luminPost(id, "A", "created", Date.now()), "another");
    const { folder } = bridge;
    await bridge.stop();
    const mended = await startBridge(withTokens().replace(LUMIN_KEY, "another"), { folder });
    const visitor = visit(mended);
    await visitor.signIn(ACT);
    const page = await visitor.get("/reprocess?which=rejected&source=lumin");
    expect(page.text).to.include("Of 2 requests, 2 would be genuine, with 2 happenings");
    const done = await visitor.post("/reprocess", { which: "rejected", source: "lumin", reason: "mended" });
    expect((await visitor.get(done.headers.get("location") ?? "")).text).to.include(
      "2 requests processed: 2 good now, 2 new events.",
    );
    expect((await visitor.get("/reprocess?which=rejected")).text).to.include("There are no refused requests");
    expect((await visitor.get("/reprocess?which=some")).status).to.equal(400);
  });

  it("become a fixture without personal data, once that is shown and somebody can check it", async () => {
    const { bridge, visitor } = await startConsole();
    const title = `Deed of ${PERSON.name}`;
    await lumin(bridge, luminPost("d1", title, "created", Date.now()), LUMIN_KEY);
    const id = await idOf(bridge, "receipts");
    const path = `/requests/${id}/fixture`;
    expect((await visitor.get(`/requests/${id}`)).html).to.include(`href="${path}"`);
    const masked = await visitor.get(path);
    expect(masked.text).to.include("something may be left").and.include(`countersign capture ${id} --redact`);
    expect(masked.text).not.to.include("body.txt");
    await visitor.post("/personal-data/show", { back: path, reason: "a fixture for the mapping" });
    const shown = await visitor.get(path);
    expect(shown.text).to.include("it turns into the same types of events");
    expect(shown.text).to.include("body.txt").and.include("signature_request_created");
    expect(shown.text).to.include("request.json").and.include('"channel": "account"');
    expect(shown.text).to.include("events.json").and.include("document.created");
    for (const personal of [PERSON.name, PERSON.email, LUMIN_KEY])
      expect(shown.html).not.to.include(personal);
  });

  it("become no fixture where they were refused, or are long, and say what does it instead", async () => {
    const { bridge, visitor } = await startConsole();
    await lumin(bridge, luminPost("d1", "A", "created", Date.now()), "another");
    const refused = await visitor.get(`/requests/${await idOf(bridge, "rejections")}/fixture`);
    expect([refused.status, refused.text.includes("Only a genuine request")]).to.deep.equal([409, true]);
    await lumin(bridge, luminPost("d2", "A".repeat(65_536), "created", Date.now()), LUMIN_KEY);
    await visitor.post("/personal-data/show", { back: "/", reason: "a fixture" });
    const long = await visitor.get(`/requests/${await idOf(bridge, "receipts")}/fixture`);
    expect(long.text).to.include("longer than 65,536 bytes").and.include("countersign capture");
  });

  it("are processed again by a job where they are many, which says what came of it", async () => {
    const { bridge } = await startConsole();
    const ids = Array.from({ length: 120 }, (_, n) => `d${n}`);
    for (const id of ids) await lumin(bridge, luminPost(id, "A", "created", Date.now()), "another");
    const { folder } = bridge;
    await bridge.stop();
    const mended = await startBridge(withTokens().replace(LUMIN_KEY, "another"), { folder });
    const visitor = visit(mended);
    await visitor.signIn(ACT);
    const started = await visitor.post("/reprocess", {
      which: "rejected",
      source: "lumin",
      reason: "mended",
    });
    const place = started.headers.get("location") ?? "";
    expect(place).to.match(/^\/jobs\//);
    await until(
      async () => (await visitor.get(place)).text.includes("It is done: 120"),
      "all were processed again",
    );
    const { text } = await visitor.get(place);
    expect(text).to.include("Process refused requests of lumin again").and.include("100 %");
    expect(text).to.include("120 good now, 120 new events");
    const { body } = await mended.admin("/api/v1/audit", { authorization: `Bearer ${ACT}` });
    expect(body.items.filter(({ action }: { action: string }) => action === "reprocess")).to.have.length(1);
    expect((await visitor.get("/reprocess?which=rejected")).text).to.include("There are no refused requests");
  });

  it("show bodies, queries and headers only to those who have personal data shown", async () => {
    const { bridge, visitor } = await startConsole();
    await upon(bridge, `uuid=d1&event=100&name=${PERSON.email}&x=1`);
    const id = await idOf(bridge, "receipts");
    const onlooker = visit(bridge);
    await onlooker.signIn(LOOK);
    for (const as of ["text", "form", "json", "hex"])
      for (const one of [visitor, onlooker]) {
        const { html, text } = await one.get(`/requests/${id}?as=${as}`);
        expect(html, as).not.to.include(PERSON.email).and.not.include("uuid=d1");
        expect(text, as).to.include("show personal data first").and.include("hidden");
      }
    const shown = await (await showing(bridge)).get(`/requests/${id}?as=form`);
    expect(shown.text).to.include(PERSON.email).and.include("application/x-www-form-urlencoded");
  });

  it("show what came truly and inertly: digits, bytes that are no text, marks and markup", async () => {
    const { bridge } = await startConsole();
    const visitor = await showing(bridge);
    const json = `{"n":9007199254740993,"n":1e400,"t":"<img src=x onerror=alert(1)>","u":"\\u202e \u202e\u0007"}`;
    await lumin(bridge, json);
    const id = await idOf(bridge, "receipts");
    for (const as of ["json", "text"]) {
      const { html, text } = await visitor.get(`/requests/${id}?as=${as}`);
      expect(text, as)
        .to.include("9007199254740993")
        .and.include("1e400")
        .and.include("<img src=x onerror=alert(1)>")
        .and.include("\\u202e U+202EU+0007");
      expect(html, as).not.to.include("<img").and.not.include("\u202e").and.not.include("\u0007");
    }
    await upon(
      bridge,
      Buffer.concat([Buffer.from("uuid=d1&event=100&x=caf"), Buffer.from([0xe9, 0xff, 0xc3])]),
    );
    const odd = await idOf(bridge, "receipts");
    expect((await visitor.get(`/requests/${odd}?as=text`)).text).to.include("x=caf0xE90xFF0xC3");
    expect((await visitor.get(`/requests/${odd}?as=hex`)).text).to.include("3d 63 61 66 e9 ff c3");
  });

  it("show a body of megabytes in parts that together are all of it, each a small page", async () => {
    const { bridge } = await startConsole();
    const visitor = await showing(bridge);
    const filler = Array.from({ length: 40_000 }, (_, n) => `é${n}🙏`).join(" ");
    const body = luminPost("d1", "A", "created", Date.now()).replace(
      "{",
      `{"filler":${JSON.stringify(filler)},`,
    );
    await lumin(bridge, body);
    const id = await idOf(bridge, "receipts");
    const part = (html: string) => /<pre[^>]*><code><bdi>(.*?)<\/bdi>/s.exec(html)?.[1] ?? "";
    let whole = "";
    for (let path: string | undefined = `/requests/${id}?as=text`; path !== undefined; ) {
      const { html } = await visitor.get(path);
      expect(html.length).to.be.below(100_000);
      whole += part(html).replaceAll("&quot;", '"');
      path = /href="([^"]+)">Next part/.exec(html)?.[1]?.replaceAll("&amp;", "&");
    }
    expect(whole).to.equal(body);

    const bytes = Buffer.concat([
      Buffer.from(luminPost("d2", "A", "created", Date.now())),
      Buffer.alloc(3_000_000, " "),
    ]);
    await lumin(bridge, bytes);
    const long = await idOf(bridge, "receipts");
    for (const path of [
      "",
      "?as=json",
      "?as=hex",
      "?as=form",
      "?as=text&at=2999999",
      "?as=hex&at=999999999",
      "?at=x",
    ]) {
      const { status, html } = await visitor.get(`/requests/${long}${path}`);
      expect([status, html.length < 150_000], path).to.deep.equal([200, true]);
    }
  });

  it("show what a compressed body holds, and random bytes without a fault", async () => {
    const { bridge } = await startConsole();
    const visitor = await showing(bridge);
    const packed = gzipSync(luminPost("d1", "A packed lease", "created", Date.now()));
    await bridge.post("/in/lumin/account", packed, { ...signedByLumin(packed), "content-encoding": "gzip" });
    const page = await visitor.get(`/requests/${await idOf(bridge, "receipts")}`);
    expect(page.text).to.include("A packed lease").and.include("as gzip").and.include("✓ passes");
    for (const headers of [
      {},
      { "content-encoding": "gzip" },
      { "content-type": "text/plain; charset=utf-16" },
    ]) {
      const noise = randomBytes(20_000);
      await bridge.post("/in/lumin/account", noise, { ...signedByLumin(noise), ...headers });
      const id = await idOf(bridge, "receipts");
      for (const as of ["text", "form", "json", "hex"])
        expect((await visitor.get(`/requests/${id}?as=${as}`)).status).to.equal(200);
    }
  });

  it("are not found by an id that nobody has, or cannot be processed again where only a part is kept", async () => {
    const { bridge, visitor } = await startConsole(
      withTokens(configText().replace("log:", "rejected: { maxBody: 64b }\nlog:")),
    );
    for (const path of ["/requests/rcp_none", "/requests/rej_none/reprocess", "/requests/%ff%00"])
      expect((await visitor.get(path)).status, path).to.be.oneOf([400, 404]);
    await lumin(bridge, luminPost("d1", "A", "created", Date.now()), "wrong");
    const id = await idOf(bridge, "rejections");
    expect((await visitor.get(`/requests/${id}`)).text).to.include("so it cannot be verified again");
    expect((await visitor.get(`/requests/${id}/reprocess`)).status).to.equal(409);
  });
});
