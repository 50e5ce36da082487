import { createServer } from "node:http";
import { expect } from "chai";
import {
  aFolder,
  type Bridge,
  configText,
  listenUntilTidy,
  signedByLumin,
  startBridge,
  startReceiver,
  tidy,
} from "../support/bridge.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { commandsFor, crm, post } from "./operator.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 0, 31, 12);

const linesOf = (stdout: string) => stdout.trimEnd().split("\n");

describe("the commands that list", () => {
  afterEach(tidy);

  it("take the order, the range of times and the cursor of the admin API", async () => {
    const clock = createManualClock(NOON);
    const text = configText();
    const bridge = await startBridge(text, { clock });
    const run = commandsFor(bridge, text);
    for (const id of ["d1", "d2", "d3"]) {
      await post(bridge, id, "10");
      await clock.advance(DAY);
    }
    const documents = async (...args: string[]) => {
      const { stdout } = await run("events", "--json", ...args);
      return stdout === "" ? [] : linesOf(stdout).map((line) => JSON.parse(line).document.id);
    };
    expect(await documents()).to.deep.equal(["d3", "d2", "d1"]);
    expect(await documents("--order", "oldest")).to.deep.equal(["d1", "d2", "d3"]);
    expect(await documents("--since", "2d")).to.deep.equal(["d3", "d2"]);
    expect(await documents("--from", "2026-02-01", "--until", "2026-02-02")).to.deep.equal(["d2"]);
    const { stdout } = await run("events", "--limit", "2");
    const [, cursor = ""] = /^… and more than --limit 2: --cursor (\S+) goes on$/m.exec(stdout) ?? [];
    expect(await documents("--cursor", cursor)).to.deep.equal(["d1"]);
    expect((await run("events", "--limit", "0")).code).to.equal(2);
    expect((await run("events", "--since", "soon")).stderr).to.match(/^countersign: since: must be a moment/);
  });

  it("print with --json every member that the admin API answers", async () => {
    const text = crm((await startReceiver()).url);
    const bridge = await startBridge(text);
    const run = commandsFor(bridge, text);
    await post(bridge, "d1", "10", "30");
    for (const list of ["events", "receipts", "documents", "destinations", "audit"]) {
      const { items } = (await bridge.admin(`/api/v1/${list}`)).body;
      const { stdout } = await run(list, "--json");
      const printed = stdout.split("\n").slice(0, -1);
      expect(
        printed.map((line) => JSON.parse(line)),
        list,
      ).to.deep.equal(items);
    }
  });

  it("search documents by text, and list those that are stuck", async () => {
    const clock = createManualClock(NOON);
    const text = configText();
    const bridge = await startBridge(text, { clock });
    const run = commandsFor(bridge, text);
    const body = JSON.stringify({
      event: { event_type: "signature_request_sent", event_time: NOON },
      signature_request: { signature_request_id: "r-1", title: "A lease", signers: [] },
    });
    await bridge.post("/in/lumin/account", body, signedByLumin(body));
    await post(bridge, "d1", "10");
    const { stdout } = await run("documents", "--search", "LEASE");
    expect(linesOf(stdout)).to.have.length(2);
    expect(stdout).to.match(/^r-1 +lumin +sent .* 2026-01-31T12:00:00\.000Z +A lease$/m);
    expect((await run("documents", "--search", "nowhere")).stdout).to.equal("no document\n");
    await clock.advance(15 * DAY);
    expect((await run("documents", "--stuck", "14d", "--source", "lumin")).stdout).to.match(/^r-1 /m);
    expect((await run("documents", "--stuck", "16d", "--source", "lumin")).stdout).to.equal("no document\n");
  });

  it("say what a search has looked at when it stops, and how it goes on", async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify({ items: [], next: `n.${asked}`, searched: 5_000 }));
    });
    const adminUrl = await listenUntilTidy(server);
    const run = commandsFor({ folder: aFolder(), adminUrl }, configText());
    expect((await run("documents", "--search", "x")).stdout).to.equal(
      "looked at 100,000 documents: --cursor n.20 goes on\n",
    );
    const inJson = await run("undelivered", "--group", "cause", "--json");
    expect([inJson.stdout, inJson.stderr]).to.deep.equal([
      "",
      "looked at 100,000 deliveries: --cursor n.40 goes on\n",
    ]);
  });
});

describe("the commands that list deliveries", () => {
  afterEach(tidy);

  /** Two deliveries of one document, of which the first has failed once, and a parked one of another. */
  async function startTroubled() {
    const clock = createManualClock(NOON);
    const receiver = await startReceiver((nth) => (nth === 2 ? 410 : 503));
    const text = crm(receiver.url, ", retry: [5m, 1h]");
    const bridge = await startBridge(text, { clock, random: () => 0 });
    await post(bridge, "d1", "10", "30");
    await untilAttempted(bridge, 1);
    await post(bridge, "d2", "10");
    await untilAttempted(bridge, 2);
    const run = commandsFor(bridge, text);
    await run("resume", "crm", "--reason", "the 410 was a mistake");
    return run;
  }

  const untilAttempted = (bridge: Bridge, count: number) =>
    until(async () => {
      const { items } = (await bridge.admin("/api/v1/deliveries")).body;
      return items.filter(({ attempts }: { attempts: number }) => attempts > 0).length === count;
    }, `${count} deliveries have been attempted`);

  it("show attempts n of m, the last answer, the next attempt, and what a held one waits for", async () => {
    const run = await startTroubled();
    const [heading, parked, held, pending] = linesOf((await run("deliveries")).stdout);
    expect(heading).to.match(/^delivery +type +destination +status +attempts +last +next$/);
    expect(parked).to.match(/ crm +parked \(gone\) +1 of 3 +410 +–$/);
    expect(pending).to.match(/ document\.sent +crm +pending +1 of 3 +503 +2026-01-31T12:05:00\.000Z$/);
    const [id] = /dlv_\w+/.exec(pending ?? "") ?? [];
    expect(held).to.match(/ document\.completed +crm +held +0 of 3 +– +after evt_\w+$/);
    expect(held).to.include(`after evt_${id?.slice("dlv_".length, -"_crm".length)}`);
  });

  it("list and count what is not delivered, by what is asked for", async () => {
    const run = await startTroubled();
    const rows = async (...args: string[]) => linesOf((await run(...args)).stdout).length - 1;
    expect(await rows("undelivered")).to.equal(3);
    expect(await rows("undelivered", "--status", "held")).to.equal(1);
    expect(await rows("undelivered", "--cause", "answered", "--type", "document.sent")).to.equal(2);
    expect(await rows("deliveries", "--undelivered", "--reason", "gone")).to.equal(1);
    expect((await run("undelivered", "--destination", "erp")).stdout).to.equal("no delivery\n");
    const grouped = linesOf((await run("undelivered", "--group", "status,reason")).stdout);
    expect(grouped).to.have.length(4);
    expect(grouped[0]).to.match(/^status +reason +count +oldest +newest$/);
    expect(grouped).to.include("parked   gone    1      2026-01-31T12:00:00.000Z  2026-01-31T12:00:00.000Z");
    const [json = ""] = linesOf((await run("undelivered", "--group", "destination", "--json")).stdout);
    expect(JSON.parse(json)).to.deep.equal({ destination: "crm", count: 3, oldest: NOON, newest: NOON });
    expect((await run("undelivered", "--group", "why")).stderr).to.match(
      /^countersign: group: must name some of/,
    );
  });
});
