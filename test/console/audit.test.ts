import { expect } from "chai";
import { configText, SECRET, tidy } from "../support/bridge.ts";
import { startConsole, type Visitor, withTokens } from "./visitor.ts";

describe("the audit of the console", () => {
  let visitor: Visitor;
  beforeEach(async () => {
    const destinations = `destinations:
  crm: { url: "http://127.0.0.1:9", secrets: ["${SECRET}"] }
  erp: { url: "http://127.0.0.1:9", secrets: ["${SECRET}"] }`;
    ({ visitor } = await startConsole(withTokens(configText(destinations))));
  });
  afterEach(tidy);

  async function change(): Promise<void> {
    await visitor.post("/destinations/crm/pause", { reason: "maintenance of <b>crm</b>" });
    await visitor.post("/destinations/erp/pause", { reason: "moving" });
    await visitor.post("/replay", { destination: "crm", reason: "again" });
  }

  it("says at first that nobody has changed anything", async () => {
    expect((await visitor.get("/audit")).text).to.include("Nobody has changed anything yet.");
  });

  it("has who did what, when, to what, how many and why", async () => {
    await change();
    const { text, html } = await visitor.get("/audit");
    expect(text).to.include("3 changes, the newest first: replay");
    expect(text).to.match(/replay ?crm status parked ?0 ?again ?ada at \S+/);
    expect(text).to.match(/pause ?crm ?– ?maintenance of <b>crm<\/b> ?ada at \S+/);
    expect(html).to.include('href="/destinations/crm"');
    expect(html).not.to.include("<b>crm");
  });

  it("is filtered by action, by who, by a word of reason or subject, and by time", async () => {
    await change();
    const reasonsOf = async (query: string) => {
      const { html } = await visitor.get(`/audit?${query}`);
      const [, rows = ""] = html.split("<tbody>");
      return ["maintenance of", "moving", "again"].filter((reason) => rows.includes(`>${reason}`));
    };
    expect(await reasonsOf("action=pause")).to.deep.equal(["maintenance of", "moving"]);
    expect(await reasonsOf("text=ERP")).to.deep.equal(["moving"]);
    expect(await reasonsOf("text=mainten&action=pause&caller=ada")).to.deep.equal(["maintenance of"]);
    expect(await reasonsOf("since=1d")).to.have.length(3);
    expect((await visitor.get("/audit?caller=nobody")).text).to.include("No change matches.");
    expect((await visitor.get("/audit?since=soon")).text).to.include("Since: must be a moment");
  });
});
