import { expect } from "chai";
import { configText, SECRET, signedByLumin, startReceiver, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { type Filled, filledBridge, luminPost } from "./filled-bridge.ts";
import { ACT, LOOK, startConsole, type Visitor, visit, withTokens } from "./visitor.ts";

const AS_ACT = { authorization: `Bearer ${ACT}` };

describe("the deliveries of the console", () => {
  let filled: Filled;
  let visitor: Visitor;
  beforeEach(async () => {
    filled = await filledBridge();
    visitor = visit(filled.bridge);
    await visitor.signIn(ACT);
  });
  afterEach(tidy);

  const items = async (query: string) =>
    (await filled.bridge.admin(`/api/v1/deliveries?${query}`, AS_ACT)).body.items;
  const parkedId = async () => (await items("status=parked&limit=1"))[0].id as string;

  it("are counted by destination and cause, with what the receiver answered", async () => {
    const count = (await items("status=parked")).length;
    const page = await visitor.get("/deliveries");
    expect(page.text).to.include(`${count} parked events need you`);
    expect(page.text).to.match(new RegExp(`erp\\s*! parked: rejected\\s*answered with 422\\s*${count}`));
    expect(page.html).to.include("/replay?destination=erp&amp;cause=answered&amp;parked=rejected");
  });

  it("have a tab for each state, which keeps what was chosen besides", async () => {
    const { html } = await visitor.get("/deliveries?destination=erp&status=parked");
    expect(html).to.match(
      /<a href="\/deliveries\?destination=erp&amp;status=parked" aria-current="page">Parked/,
    );
    expect(html).to.include('href="/deliveries?destination=erp&amp;status=delivered"');
    expect(html).to.include('<input type="hidden" name="status" value="parked">');
    const delivered = await visitor.get("/deliveries?destination=erp&status=delivered");
    expect(delivered.text)
      .to.include("No event is shown that is delivered.")
      .and.include("No delivery matches.");
    expect((await visitor.get("/deliveries?destination=crm&status=delivered")).text).to.match(
      /\d+ events are delivered, the newest first/,
    );
    expect((await visitor.get("/deliveries?acknowledged=true")).text).to.include(
      "No parked delivery was acknowledged.",
    );
  });

  it("name the filters that they do not know", async () => {
    expect((await visitor.get("/deliveries?status=lost")).text).to.include(
      "Status: must be one of pending, held, delivered, parked",
    );
    expect((await visitor.get("/acknowledge")).text).to.include("must name a destination");
    expect((await visitor.get("/acknowledge?destination=erp&parked=lost")).text).to.include("must be one of");
  });

  it("of one cause are acknowledged after they were counted, and stay in the record", async () => {
    const count = (await items("status=parked")).length;
    const address = "/acknowledge?destination=erp&parked=rejected&cause=answered";
    expect((await visitor.get("/acknowledge?destination=erp&cause=timeout")).text).to.include(
      "there is nothing to acknowledge",
    );
    const asked = await visitor.get(address);
    expect(asked.text).to.include(`${count} parked events to erp would be acknowledged.`);
    const fields = {
      destination: "erp",
      parked: "rejected",
      cause: "answered",
      reason: "erp has them by hand",
    };
    const done = await visitor.post("/acknowledge", fields);
    expect(done.status).to.equal(303);
    const next = await visitor.get(done.headers.get("location") ?? "");
    expect(next.text).to.include(`${count} events to erp acknowledged.`).and.include("Nothing waits,");
    expect(await items("status=parked")).to.deep.equal([]);
    expect((await visitor.get("/deliveries?acknowledged=true")).text).to.include(
      `${count} events are parked and acknowledged`,
    );
    const [entry] = (await filled.bridge.admin("/api/v1/audit", AS_ACT)).body.items;
    expect(entry).to.deep.include({ action: "acknowledge", reason: "erp has them by hand" });
    expect(entry.details).to.include({ destination: "erp", parked: "rejected", cause: "answered", count });
  });

  it("of one cause are sent again, and no others", async () => {
    const count = (await items("status=parked")).length;
    expect((await visitor.get("/replay?destination=erp&cause=timeout")).text).to.include("nothing to send");
    const asked = await visitor.get("/replay?destination=erp&parked=rejected&cause=answered");
    expect(asked.text).to.include(`${count} events would be sent to erp again.`);
    const done = await visitor.post("/replay", { destination: "erp", parked: "rejected", reason: "fixed" });
    expect((await visitor.get(done.headers.get("location") ?? "")).text).to.include(
      `${count} events will be sent to erp again.`,
    );
  });

  it("have a page each, with every attempt, where one is acknowledged", async () => {
    const id = await parkedId();
    const page = await visitor.get(`/deliveries/${id}`);
    expect(page.text).to.include("parked: rejected").and.include("was answered with 422");
    const done = await visitor.post(`/deliveries/${id}/acknowledge`, { reason: "known" });
    const next = await visitor.get(done.headers.get("location") ?? "");
    expect(next.text).to.include("It is acknowledged for erp.").and.include("somebody acknowledged that");
    expect(next.html).not.to.include("Acknowledge this delivery");
    expect((await visitor.post(`/deliveries/${id}/acknowledge`, { reason: "again" })).status).to.equal(409);
    expect((await visitor.get("/deliveries/dlv_none")).text).to.include("There is no delivery dlv_none");
  });

  it("offer nothing to change to one who may look", async () => {
    const other = visit(filled.bridge);
    await other.signIn(LOOK);
    for (const path of ["/acknowledge?destination=erp", `/deliveries/${await parkedId()}`]) {
      const { text, html } = await other.get(path);
      expect(text, path).to.include("Your token may look and not change anything");
      expect(html, path).not.to.include('method="post" action="/acknowledge"');
    }
  });
});

describe("a delivery that waits", () => {
  afterEach(tidy);

  it("is skipped on its page, so that the next of its document goes", async () => {
    const receiver = await startReceiver((nth) => (nth === 1 ? 503 : 200));
    const destinations = `destinations:
  crm: { url: "${receiver.url}", secrets: ["${SECRET}"], retry: [1h] }`;
    const { bridge, visitor } = await startConsole(withTokens(configText(destinations)));
    for (const type of ["created", "sent"]) {
      const body = luminPost("d1", "Lease", type, Date.now());
      await bridge.post("/in/lumin/account", body, signedByLumin(body));
    }
    const pending = () => bridge.admin("/api/v1/deliveries?status=pending", AS_ACT);
    await until(async () => (await pending()).body.items[0]?.attempts === 1, "the first attempt failed");
    const waiting = await visitor.get("/deliveries");
    expect(waiting.text).to.include("No event needs you").and.include("held behind another");
    const [first] = (await pending()).body.items;
    expect((await visitor.get(`/deliveries/${first.id}`)).text).to.include("Skip this delivery");
    const done = await visitor.post(`/deliveries/${first.id}/skip`, { reason: "erp is gone" });
    expect((await visitor.get(done.headers.get("location") ?? "")).text).to.include("parked: skipped");
    await receiver.got(2);
  });
});
