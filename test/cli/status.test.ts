import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { expect } from "chai";
import {
  type Bridge,
  configText,
  FORM,
  listenUntilTidy,
  signedByLumin,
  startBridge,
  TOKEN,
  tidy,
} from "../support/bridge.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { until } from "../support/until.ts";
import { commandsFor, crm, post } from "./operator.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface Shown {
  id: string;
  count: number;
  severity: string;
  sentence: string;
}

/** A bridge whose clock stands still until it is moved, with what an operator asks it. */
async function aBridge(text = configText()) {
  const clock = createManualClock(NEW_YEAR);
  const bridge = await startBridge(text, { clock });
  const run = commandsFor(bridge, text);
  return {
    ...{ bridge, clock, run },
    status: (...args: string[]) => run("status", ...args),
    concerns: async (): Promise<Shown[]> => JSON.parse((await run("status", "--json")).stdout).concerns,
    metrics: async () => String((await bridge.admin("/metrics")).body),
  };
}

const ids = (concerns: readonly Shown[]) => concerns.map(({ id }) => id);

async function startRefusing(status: number): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(status).end());
  });
  return `${await listenUntilTidy(server)}/hook`;
}

const forge = (bridge: Bridge) =>
  bridge.post("/in/lumin/account", "{}", signedByLumin("{}", "another key altogether"));

describe("countersign status", () => {
  afterEach(tidy);

  it("says that nothing needs a person, with exit code 0", async () => {
    const { status, metrics } = await aBridge();
    expect(await status()).to.include({ code: 0, stdout: "Nothing needs a person.\n", stderr: "" });
    expect(await metrics()).to.include('countersign_concerns{kind="parked"} 0\n');
  });

  it("tells a channel whose requests are all refused, what to do, and what ends it, with exit code 1", async () => {
    const { bridge, clock, status, concerns } = await aBridge();
    for (let n = 0; n < 3; n++) {
      expect((await forge(bridge)).status).to.equal(401);
      await clock.advance(6 * MINUTE_MS);
    }
    const { code, stdout } = await status();
    expect(code).to.equal(1);
    expect(stdout).to.match(
      /^1 thing needs a person: 1 critical\.\n\ncritical {2}refused:lumin\/account {2}since/,
    );
    expect(stdout).to.include("All requests to lumin/account are refused since");
    expect(stdout.replace(/\n {2}/g, " ")).to.include("the signature does not match");
    expect(stdout).to.include("\n  $ countersign reprocess --rejected --source lumin --dry-run\n");
    expect(stdout).to.include("\n  It ends with a genuine request.\n");
    expect(ids(await concerns())).to.deep.equal(["refused:lumin/account"]);
  });

  it("tells deliveries that are parked, of which destination and why, also as a metric", async () => {
    const { bridge, clock, concerns, metrics } = await aBridge(crm(await startRefusing(410)));
    await post(bridge, "d1", "10");
    await until(
      async () => (await concerns()).length > 0 || (await clock.advance(MINUTE_MS)),
      "it is parked",
    );
    expect(ids(await concerns())).to.include("parked:crm/gone");
    await clock.advance(MINUTE_MS);
    expect(await metrics()).to.include('countersign_concerns{kind="parked"} 1\n');
  });

  it("tells documents that are under way for longer than `stuckAfter`", async () => {
    const text = `${configText()}concerns: { stuckAfter: 30d }\n`;
    const { bridge, concerns } = await aBridge(text);
    await post(bridge, "d1", "10");
    const [stuck] = await concerns();
    expect(stuck).to.include({ id: "document_stuck:legalesign", severity: "notice" });
    expect(stuck?.sentence).to.include("d1");
  });

  it("tells a channel that nothing has come to for longer than its `expectEvery`, until something comes", async () => {
    const text = configText().replace(
      `batch: { token: ${TOKEN} }`,
      `batch: { token: ${TOKEN}, expectEvery: 30m }`,
    );
    const { bridge, clock, concerns } = await aBridge(text);
    const ended = `data=${encodeURIComponent(
      JSON.stringify([
        {
          value: "30",
          timestamp: "2022-07-11T07:28:25+00:00",
          resource_uri: "/api/v1/document/d1/",
          name: "status",
        },
      ]),
    )}`;
    const tell = () => bridge.post(`/in/legalesign/batch?token=${TOKEN}`, ended, FORM);
    await tell();
    await clock.advance(29 * MINUTE_MS);
    expect(ids(await concerns())).to.not.include("silent:legalesign/batch");
    await clock.advance(2 * MINUTE_MS);
    expect(ids(await concerns())).to.include("silent:legalesign/batch");
    await tell();
    await clock.advance(MINUTE_MS);
    expect(ids(await concerns())).to.not.include("silent:legalesign/batch");
  });

  it("tells a word that no mapping has", async () => {
    const { bridge, concerns } = await aBridge();
    await post(bridge, "d1", "4711");
    const found = (await concerns()).find(({ id }) => id.startsWith("unknown_word:"));
    expect(found?.sentence).to.include("4711");
  });

  it("tells that nothing has come yet to a channel after a day", async () => {
    const { clock, concerns } = await aBridge();
    await clock.advance(DAY_MS + MINUTE_MS);
    expect(ids(await concerns())).to.include("unused:lumin/account");
  });

  it("tells for each source what a stop of more than a minute means there, at the start after it", async () => {
    const { bridge, clock } = await aBridge();
    await bridge.look();
    await bridge.stop();
    await clock.advance(20 * MINUTE_MS);
    const again = await startBridge(configText(), { clock, folder: bridge.folder });
    await again.look();
    const { items } = (await again.admin("/api/v1/concerns")).body;
    const outages = items.filter(({ kind }: { kind: string }) => kind === "outage");
    expect(ids(outages)).to.deep.equal(["outage:legalesign", "outage:lumin"]);
    expect(outages[1].sentence).to.include("did not run for 20 minutes");
    expect(outages[1].sentence).to.include("would give up");
  });

  it("tells that the clock jumped", async () => {
    const { bridge, clock, concerns } = await aBridge();
    await bridge.look();
    clock.set(clock.now() - 60 * MINUTE_MS);
    await bridge.look();
    const jumped = (await concerns()).find(({ id }) => id === "clock_jumped");
    expect(jumped?.sentence).to.include("went back by 1 hour");
  });

  it("tells that the secret of a channel is half changed, a day after the first such request", async () => {
    const text = configText().replace(/secrets: \["(.*?)"\]/, 'secrets: ["another key altogether", "$1"]');
    const { bridge, clock, concerns } = await aBridge(text);
    const sign = (key?: string) => bridge.post("/in/lumin/account", "{}", signedByLumin("{}", key));
    await sign();
    await clock.advance(DAY_MS);
    await sign();
    expect(ids(await concerns())).to.include("rotation_unfinished:lumin/account");
    await sign("another key altogether");
    await clock.advance(6_000);
    expect(ids(await concerns())).not.to.include("rotation_unfinished:lumin/account");
  });

  it("tells a destination that takes events but never those of one type", async () => {
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      response.writeHead(body.includes("document.sent") ? 500 : 200).end();
    });
    const url = `${await listenUntilTidy(server)}/hook`;
    const { bridge, clock, concerns } = await aBridge(
      crm(url, ", breaker: { failures: 1000 }, ordering: none"),
    );
    for (let n = 0; n < 5; n++) await post(bridge, `d${n}`, "10");
    await until(
      async () =>
        ids(await concerns()).includes("event_type_refused:crm/document.sent") ||
        clock
          .advance(10 * MINUTE_MS)
          .then(() => post(bridge, `e${clock.now()}`, "30"))
          .then(() => false),
      "the type is refused",
    );
  });

  it("tells what is missing of completed documents, where the source usually tells it", async () => {
    const { bridge, clock, concerns } = await aBridge();
    for (let n = 0; n < 4; n++) await post(bridge, `whole${n}`, "10", "30", "100");
    await clock.advance(15 * DAY_MS);
    for (let n = 0; n < 3; n++) await post(bridge, `half${n}`, "30");
    await clock.advance(3 * DAY_MS);
    const found = (await concerns()).filter(({ id }) => /^(final_pdf|sent)_missing/.test(id));
    expect(found.map(({ id, count }) => `${id} ${count}`)).to.include("final_pdf_missing:legalesign 3");
  });

  it("keeps what is acknowledged apart until its time is over, and does not count it", async () => {
    const { bridge, clock, status, concerns, run, metrics } = await aBridge();
    await clock.advance(DAY_MS + MINUTE_MS);
    const acknowledge = (...args: string[]) =>
      run("acknowledge", ...args, "--reason", "the channel comes in May");
    for (const id of ids(await concerns()))
      expect(await acknowledge(id, "--until", "2d")).to.include({ code: 0, stderr: "" });
    const { code, stdout } = await status();
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Nothing needs a person\.\n\nAcknowledged:\n\nnotice {2}unused:/);
    expect(stdout).to.match(/Acknowledged until .*: the channel comes in May\n/);
    expect(await metrics()).to.include('countersign_concerns{kind="unused"} 0\n');
    expect((await run("audit")).stdout).to.include("acknowledge");
    await clock.advance(2 * DAY_MS);
    await bridge.look();
    expect((await status()).code).to.equal(1);
  });

  it("refuses to acknowledge what is not there, without an end, or with one that is past", async () => {
    const { clock, run } = await aBridge();
    await clock.advance(DAY_MS + MINUTE_MS);
    const refusal = async (...args: string[]) => {
      const { code, stderr } = await run("acknowledge", ...args, "--reason", "x");
      expect(code).to.equal(1);
      return stderr;
    };
    expect(await refusal("silent:crm", "--until", "2d"))
      .to.include("there is no concern silent:crm")
      .and.include("unused:lumin/account");
    expect(await refusal("unused:lumin/account")).to.include("--until");
    expect(await refusal("unused:lumin/account", "--until", "2020-01-01")).to.include(
      "must be a moment to come",
    );
    expect(await refusal("unused:lumin/account", "--until", "soon")).to.include("such as 2d");
    expect(await refusal()).to.include("either the id");
    expect(await refusal("dlv_no", "--until", "2d")).to.include("for good");
    expect(await refusal("dlv_no")).to.include("there is no delivery dlv_no");
  });

  it("counts parked deliveries no more once they are acknowledged, one or all", async () => {
    const rest = ", ordering: none, parkOn: [422]";
    const { bridge, clock, run, concerns } = await aBridge(crm(await startRefusing(422), rest));
    const countParked = async () => {
      await clock.advance(6_000);
      return (await concerns()).find(({ id }) => id === "parked:crm/rejected")?.count ?? 0;
    };
    for (const id of ["d1", "d2", "d3"]) await post(bridge, id, "10");
    await until(async () => (await countParked()) === 3, "they are parked");
    const [parked = ""] = /dlv_\S+/.exec((await run("undelivered", "--status", "parked")).stdout) ?? [];
    const one = await run("acknowledge", parked, "--reason", "a test account");
    expect(one.stdout).to.match(/^evt_\S+ is acknowledged as parked for crm\n$/);
    expect(await countParked()).to.equal(2);
    expect((await run("deliveries", "--acknowledged")).stdout).to.include(parked);
    const all = (...more: string[]) =>
      run(
        "acknowledge",
        "--destination",
        "crm",
        "--parked",
        "rejected",
        "--reason",
        "a test account",
        ...more,
      );
    expect((await all("--dry-run")).stdout).to.equal("2 parked deliveries to crm would be acknowledged\n");
    expect((await all()).stdout).to.equal("2 of 2 parked deliveries to crm acknowledged\n");
    expect(await countParked()).to.equal(0);
  });

  it("says that it cannot tell, with exit code 2, where no bridge answers", async () => {
    const { bridge, status } = await aBridge();
    await bridge.stop();
    const { code, stderr } = await status();
    expect(code).to.equal(2);
    expect(stderr).to.include("no bridge answers");
  });

  describe("with a channel on standby", () => {
    const REALTIME = "a-realtime-secret";
    const text = configText()
      .replace(`upon: { token: ${TOKEN} }`, `realtime: { secrets: [${REALTIME}] }`)
      .replace(`batch: { token: ${TOKEN} }`, `batch: { token: ${TOKEN}, standby: 2d }`);
    const signed = (event: string, id: string) => {
      const uri = `/api/v1/document/${id}/`;
      const data = { uuid: id, name: "A lease", resourceUri: uri, recipients: [] };
      return JSON.stringify({ object: "document", event, id: `e-${id}`, created: NEW_YEAR / 1_000, data });
    };
    const tellRealtime = (bridge: Bridge, event: string, id: string) => {
      const body = signed(event, id);
      const signature = createHmac("sha256", REALTIME).update(body).digest("hex");
      return bridge.post("/in/legalesign/realtime", body, { "x-hmac-sha256": signature });
    };

    it("names what it alone told after an hour, until another channel tells the same", async () => {
      const { bridge, clock, concerns } = await aBridge(text);
      await post(bridge, "d1", "50");
      await post(bridge, "d2", "100");
      await tellRealtime(bridge, "finalPdfCreated", "d2");
      expect(ids(await concerns())).to.deep.equal([]);
      await clock.advance(61 * MINUTE_MS);
      const found = (await concerns()).find(({ id }) => id === "standby_alone:legalesign/batch");
      expect(found).to.include({ severity: "critical" });
      expect(found?.sentence)
        .to.include("it told 1 event that no channel that stays has told")
        .and.include("document.declined (1).");
      await tellRealtime(bridge, "rejected", "d1");
      await clock.advance(MINUTE_MS);
      expect(ids(await concerns())).to.deep.equal([]);
    });

    it("tells apart what no other channel has a word for, and says when it can be removed", async () => {
      const { bridge, clock, concerns } = await aBridge(text);
      await post(bridge, "d1", "20");
      await clock.advance(61 * MINUTE_MS);
      const alone = (await concerns()).find(({ id }) => id === "standby_alone:legalesign/batch");
      expect(alone).to.include({ severity: "notice" });
      expect(alone?.sentence).to.include("for which none of these has a word");
      await clock.advance(2 * DAY_MS);
      const all = ids(await concerns());
      expect(all).to.include("standby_over:legalesign/batch");
      expect(all.filter((id) => id.includes("batch"))).to.have.length(1);
    });
  });
});
