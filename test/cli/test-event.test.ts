import { expect } from "chai";
import { configText, SECRET, startBridge, startReceiver, tidy } from "../support/bridge.ts";
import { commandsFor } from "./operator.ts";

describe("countersign test-event", () => {
  afterEach(tidy);

  async function start(settings: string, secret = SECRET) {
    const text = configText(`destinations:\n  crm: { secrets: ["${secret}"], ${settings} }`);
    const bridge = await startBridge(text);
    return { bridge, run: commandsFor(bridge, text) };
  }

  it("sends a signed event, and shows what both sides said without credentials", async () => {
    const receiver = await startReceiver();
    const settings = `url: "${receiver.url}?key=in-the-url", headers: { x-tenant: "a-secret-of-acme" }`;
    const { bridge, run } = await start(settings);
    const { code, stdout } = await run("test-event", "crm", "--reason", "is it there?");
    expect(code).to.equal(0);
    const [delivered] = receiver.deliveries;
    expect(delivered?.json).to.include({ type: "bridge.test", source: "/bridge" });
    expect(delivered?.headers).to.include({ "x-tenant": "a-secret-of-acme" });
    expect(stdout).to.include(`> POST ${receiver.url}\n`).and.include("> x-tenant: (not shown)\n");
    expect(stdout).to.include(`> webhook-signature: ${delivered?.headers["webhook-signature"]}`);
    expect(stdout).to.include(`> ${delivered?.body}`).and.include("< HTTP 200\n");
    expect(stdout).to.match(/crm took the test event: HTTP 200 after \d+ ms\n$/);
    expect(stdout).not.to.include("acme").and.not.include("in-the-url").and.not.include(SECRET);
    const [entry] = (await bridge.admin("/api/v1/audit")).body.items;
    expect(entry).to.deep.include({ action: "test-event", reason: "is it there?" });
    expect(entry.details).to.include({ destination: "crm", cause: "answered", status: 200 });
  });

  it("tells of a refusal with exit code 1, and records nothing", async () => {
    const receiver = await startReceiver(() => 422);
    const { bridge, run } = await start(`url: "${receiver.url}"`);
    const { code, stdout } = await run("test-event", "crm");
    expect([
      code,
      stdout
        .split("\n")
        .at(-2)
        ?.replace(/\d+ ms/, "… ms"),
    ]).to.deep.equal([1, "crm did not take the test event: HTTP 422 after … ms"]);
    expect((await bridge.admin("/api/v1/deliveries")).body.items).to.deep.equal([]);
    expect((await bridge.admin("/api/v1/events")).body.items).to.deep.equal([]);
  });

  it("tells of no answer, of an address that is not allowed, and of a format without the words", async () => {
    const refused = await start(`url: "http://127.0.0.1:9/hook"`);
    const unreachable = await refused.run("test-event", "crm", "--json");
    expect(unreachable.code).to.equal(1);
    expect(JSON.parse(unreachable.stdout)).to.deep.include({
      accepted: false,
      cause: "refused",
      response: null,
    });
    const blocked = await start(`url: "http://localhost:9/hook", network: public`);
    const { stdout } = await blocked.run("test-event", "crm", "--json");
    expect(JSON.parse(stdout)).to.deep.include({ cause: "blocked", response: null });
    const lumin = `url: "http://127.0.0.1:9/hook", format: lumin, events: ["document.*"]`;
    const wordless = await start(lumin, "raw:a-text-of-lumin");
    const said = (await wordless.run("test-event", "crm")).stdout;
    expect(said)
      .to.include("nothing could be sent")
      .and.include("the format lumin has no words for this bridge.test");
  });

  it("is sent to a paused destination as well, and to an alert in its own format", async () => {
    const receiver = await startReceiver();
    const paused = await start(`url: "${receiver.url}", paused: true`);
    expect((await paused.run("test-event", "crm")).code).to.equal(0);
    const text = `${configText()}\nalerts: { chat: { url: "${receiver.url}", format: slack } }\n`;
    const run = commandsFor(await startBridge(text), text);
    expect((await run("test-event", "chat")).code).to.equal(0);
    expect(receiver.deliveries.at(-1)?.json.text).to.include("This is a test of the alert");
  });

  it("names the destinations where there is none of that name", async () => {
    const { run } = await start(`url: "http://127.0.0.1:9/hook"`);
    const { code, stderr } = await run("test-event", "crn");
    expect(code).to.equal(1);
    expect(stderr).to.include("there is no destination crn: there are crm");
  });
});
