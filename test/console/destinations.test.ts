import { createServer } from "node:http";
import { expect } from "chai";
import { configText, FORM, listenUntilTidy, SECRET, signedByLumin, TOKEN, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { type Filled, filledBridge, luminPost } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, type Visitor, visit, withTokens } from "./visitor.ts";

const AS_ACT = { authorization: `Bearer ${ACT}` };

describe("the destinations of the console", () => {
  let filled: Filled;
  let visitor: Visitor;
  beforeEach(async () => {
    filled = await filledBridge();
    visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
  });
  afterEach(tidy);
  const eventCount = async () => (await filled.bridge.admin("/api/v1/events", AS_ACT)).body.items.length;
  const audit = async () => (await filled.bridge.admin("/api/v1/audit", AS_ACT)).body.items;

  it("are listed with their state, what waits, and how long they take", async () => {
    const { text, html } = await visitor.get("/destinations");
    const count = await eventCount();
    expect(text).to.include("2 destinations, and each takes what is sent.");
    expect(text)
      .to.match(/crm ?✓ nothing waits ?0/)
      .and.match(/≤ \d+ (ms|s)/);
    expect(html).to.include(`aria-label="To crm, 24 hours: ${count} delivered, 0 failed or parked"`);
  });

  it("show on their page what they would have got of the newest events, and why not the rest", async () => {
    await filled.bridge.post(`/in/legalesign/upon?token=${TOKEN}`, "uuid=d9&event=30&signer=s1", FORM);
    const body = luminPost("d7", "Deed", "viewed", Date.now());
    await filled.bridge.post("/in/lumin/account", body, signedByLumin(body));
    const { items } = (await filled.bridge.admin("/api/v1/events", AS_ACT)).body;
    const wanted = items.filter(({ type }: { type: string }) => type.startsWith("document.")).length;
    expect(wanted).to.be.below(items.length);
    const { text } = await visitor.get("/destinations/erp");
    expect(text).to.include("events whose type is document.*");
    expect(text).to.include(`Of the newest ${items.length} events,`);
    expect(text).to.include(`it would have got ${wanted}: ${items.length - wanted} are of another type.`);
  });

  it("show charts of a day and a week with the figures behind them, and the schedule", async () => {
    const { text, html } = await visitor.get("/destinations/crm");
    const count = await eventCount();
    expect(text).to.include(`Last 24 hours: ${count} delivered, 0 failed or parked`);
    expect(text).to.include(`Last 7 days: ${count} delivered, 0 failed or parked`);
    expect(text).to.match(/half of them ≤ \d+ (ms|s), 99 of 100 ≤ \d+ (ms|s)/);
    expect(text).to.include("Up to 10 attempts over 3d3h35m5s");
    expect(html).to.include('aria-label="10 attempts: at once, after 5s, after 5m5s,');
  });

  it("show secrets as fingerprints, and never themselves", async () => {
    const { text, html } = await visitor.get("/destinations/crm");
    expect(text).to.match(/secret ?[0-9a-f]{8}/);
    expect(html).not.to.include(SECRET).and.not.include(SECRET.slice(6));
  });

  it("tell since when a secret is there", async () => {
    await filled.bridge.look();
    expect((await visitor.get("/destinations/crm")).text).to.match(
      /secret ?[0-9a-f]{8} here since (now|\d+ s)/,
    );
  });

  it("have the times in which their circuit breakers were open", async () => {
    const down = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(503).end());
    });
    const url = await listenUntilTidy(down);
    const crm = `destinations:
  crm: { url: "${url}", secrets: ["${SECRET}"], breaker: { failures: 1, pause: 10m } }`;
    const { bridge, visitor: another } = await startConsole(withTokens(configText(crm)));
    expect((await another.get("/destinations/crm")).text).to.include("Never, as far as it was noted.");
    const body = luminPost("d1", "Deed", "created", Date.now());
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    const page = async () => (await another.get("/destinations/crm")).text;
    await until(async () => (await page()).includes("It fails:"), "the breaker is open");
    expect(await page()).to.match(
      /When its circuit breaker was open.*! still open, for \d+s ?1 ?0 ?the destination/,
    );
  });

  it("are paused and resumed with a reason", async () => {
    const paused = await visitor.post("/destinations/crm/pause", { reason: "maintenance" });
    const page = await visitor.get(paused.headers.get("location") ?? "");
    expect(page.text).to.include("crm is paused.").and.include("It is paused, so nothing is sent.");
    expect(page.text).to.include("maintenance").and.include("Resume crm");
    expect(page.text).to.match(/\((now|\d+ s ago)\) by ada at \S+: maintenance/);
    expect((await visitor.get("/destinations")).text).to.include("Of 2 destinations 1 is paused.");
    const resumed = await visitor.post("/destinations/crm/resume", { reason: "over" });
    expect((await visitor.get(resumed.headers.get("location") ?? "")).text).to.include("crm is resumed.");
    expect((await audit()).map(({ action }: { action: string }) => action)).to.include.members([
      "pause",
      "resume",
    ]);
  });

  it("get a test event, whose whole conversation the next page shows", async () => {
    const sent = await visitor.post("/destinations/erp/test", { reason: "is it up?" });
    const place = sent.headers.get("location") ?? "";
    const page = await visitor.get(place);
    expect(page.text).to.match(/erp did not take the test event: it answered 422 after [\d,]+ ms/);
    expect(page.text).to.include("webhook-signature: v1,").and.include('"type":"bridge.test"');
    expect(page.text).to.include("HTTP 422").and.include("The answer had no body.");
    expect((await audit())[0]).to.deep.include({ action: "test-event", reason: "is it up?" });
    expect((await visitor.get("/destinations/erp")).html).to.include(new URL(place, "http://x").pathname);
    expect((await visitor.get("/destinations/erp/tests/evt_none")).status).to.equal(404);
  });

  it("that do not exist are named with those that do", async () => {
    expect((await visitor.get("/destinations/crn")).text).to.include(
      "There is no destination crn: there are crm, erp.",
    );
  });

  it("offer nothing to change to one who may look", async () => {
    const other = visit(filled.bridge);
    await other.signIn(LOOK);
    const { text, html } = await other.get("/destinations/crm");
    expect(text).to.include("Your token may look and not change anything");
    expect(html).not.to.include('action="/destinations/crm/pause"');
  });
});

describe("a test event of the console", () => {
  afterEach(tidy);

  it("masks addresses in an answer until personal data is shown, and shows it inertly", async () => {
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(400, { "set-cookie": "session=of-somebody" });
        response.end("no <b>account</b> of grace@example.com, key a-secret-of-acme");
      });
    });
    const url = await listenUntilTidy(server);
    const { visitor } = await startConsole(
      withTokens(
        configText(
          `destinations:\n  crm: { url: "${url}", secrets: ["${SECRET}"], headers: { x-key: a-secret-of-acme } }`,
        ),
      ),
    );
    const sent = await visitor.post("/destinations/crm/test", { reason: "a test" });
    const place = sent.headers.get("location") ?? "";
    const masked = await visitor.get(place);
    expect(masked.text)
      .to.include("no <b>account</b> of g•••@example.com")
      .and.include("Addresses are masked");
    expect(masked.html)
      .not.to.include("<b>account")
      .and.not.include("of-somebody")
      .and.not.include("of-acme");
    await visitor.post("/personal-data/show", { back: "/", reason: "a test" });
    expect((await visitor.get(place)).text).to.include("grace@example.com");
  });

  it("says that a pause of the configuration ends only there", async () => {
    const { visitor } = await startConsole(
      withTokens(
        configText(
          `destinations:\n  crm: { url: "http://127.0.0.1:9", secrets: ["${SECRET}"], paused: true }`,
        ),
      ),
    );
    const { text } = await visitor.get("/destinations/crm");
    expect(text).to.include("only changing it there ends the pause").and.not.include("Resume crm");
  });
});
