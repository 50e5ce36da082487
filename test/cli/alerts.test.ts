import { createServer } from "node:http";
import { expect } from "chai";
import { configText, listenUntilTidy, SECRET, startBridge, startReceiver, tidy } from "../support/bridge.ts";
import { commandsFor } from "./operator.ts";

describe("countersign alerts test", () => {
  afterEach(tidy);

  async function start(url: string) {
    const text = `${configText("destinations: {}")}alerts: { ops: { url: "${url}", secrets: ["${SECRET}"] }, chat: { url: "${url}", format: slack } }\n`;
    return commandsFor(await startBridge(text), text);
  }

  it("sends a test to an alert as its alerts go, and says what came of it", async () => {
    const receiver = await startReceiver();
    const run = await start(receiver.url);
    for (const name of ["ops", "chat"])
      expect(await run("alerts", "test", name)).to.include({
        code: 0,
        stdout: `${name} took the test: HTTP 200\n`,
      });
    const [newest] = (await run("events", "--json")).stdout.split("\n");
    expect((await run("explain", /evt_\w{26}/.exec(newest ?? "")?.[0] ?? "")).stdout).to.include(
      "made by the bridge itself",
    );
    const [ops, chat] = receiver.deliveries;
    expect(ops?.json).to.include({ type: "bridge.test", source: "/bridge" });
    expect(ops?.headers).to.have.property("webhook-signature");
    expect(chat?.json.text).to.include("This is a test of the alert: nothing is wrong.");
  });

  it("says what went wrong, with exit code 1, and of an alert that is not there that it is not", async () => {
    const failing = createServer((_, response) => response.writeHead(404).end());
    const run = await start(`${await listenUntilTidy(failing)}/hook`);
    const failed = await run("alerts", "test", "chat");
    expect(failed.code).to.equal(1);
    expect(failed.stdout).to.match(
      /^chat did not take the test: HTTP 404; `countersign explain dlv_\w+_chat` says more\n$/,
    );
    const absent = await run("alerts", "test", "pager");
    expect(absent).to.include({ code: 1 });
    expect(absent.stderr).to.include("there is no alert pager");
  });
});
