import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { GroundTruthLine } from "../../src/simulate/ground-truth.ts";
import { aFolder, type Bridge, configText, LUMIN_KEY, startBridge, TOKEN, tidy } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

const SECRET = "a-realtime-secret";
const CONFIG = configText().replace(
  "destinations:",
  `      realtime: { secrets: ["${SECRET}"] }\ndestinations:`,
);
const FAST = ["--rate", "100000/s", "--hurry", "1000000", "--json"];

const simulate = (provider: string, url: string, ...more: string[]) =>
  runCommand(["simulate", provider, "--to", url, ...FAST, ...more], {
    env: {
      LUMIN_PRIMARY_API_KEY: LUMIN_KEY,
      LEGALESIGN_TOKEN: TOKEN,
      LEGALESIGN_HMAC_SECRET: SECRET,
    },
  });

async function eventsOf(bridge: Bridge): Promise<{ type: string; document: { id: string } | null }[]> {
  const all = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await bridge.admin(
      `/api/v1/events?order=oldest&limit=1000${cursor && `&cursor=${cursor}`}`,
    );
    all.push(...body.items);
    cursor = body.next;
  }
  return all;
}

function truthIn(file: string): GroundTruthLine[] {
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("countersign simulate", function () {
  this.timeout(10_000);
  afterEach(tidy);

  for (const [provider, more] of [
    ["lumin", []],
    ["legalesign", ["--channels", "batch"]],
    ["legalesign", ["--channels", "upon,batch,realtime"]],
  ] as const) {
    it(`posts as ${provider} ${more.join(" ")} so that each happening is one event`, async () => {
      const bridge = await startBridge(CONFIG);
      const truth = join(aFolder(), "truth.ndjson");
      const options = ["--documents", "6", "--seed", "7", "--truth", truth, ...more];
      const { code, stdout, stderr } = await simulate(provider, bridge.url, ...options);
      expect([code, stderr]).to.deep.equal([0, ""]);

      const reported = truthIn(truth).filter((line) => line.kind === "happening" && line.reported);
      expect(reported).not.to.have.length(0);
      expect(await eventsOf(bridge)).to.have.length(reported.length);
      const summary = JSON.parse(stdout);
      expect(summary).to.deep.include({ provider, seed: 7, documents: 6 });
      expect(summary.bridge).to.include({ events: reported.length, problems: 0 });
    });
  }

  it("repeats its posts with the same seed and start, which are counted as duplicates", async () => {
    const bridge = await startBridge(CONFIG);
    const options = ["--documents", "3", "--seed", "7", "--start", "2026-01-01T00:00:00Z"];
    const first = JSON.parse((await simulate("lumin", bridge.url, ...options)).stdout);
    const again = JSON.parse((await simulate("lumin", bridge.url, ...options)).stdout);
    expect(again.bridge).to.deep.include({ events: 0, duplicates: first.bridge.events });
  });

  it("counts forged posts as refused and truncated ones as problems", async () => {
    const bridge = await startBridge(CONFIG);
    const { code, stdout } = await simulate(
      "lumin",
      bridge.url,
      "--faults",
      "forge,truncate",
      "--documents",
      "6",
    );
    const { faults, posts, bridge: said } = JSON.parse(stdout);
    expect(code).to.equal(0);
    expect(posts.forged).to.deep.equal({ refused: faults.forge, accepted: 0 });
    expect(said.problems).to.equal(faults.truncate);
    expect(faults.forge).to.be.greaterThan(0);
  });

  it("prints the counts for people", async () => {
    const bridge = await startBridge(CONFIG);
    const args = ["simulate", "lumin", "--to", bridge.url, "--documents", "1", "--rate", "100000/s"];
    const { stdout } = await runCommand([...args, "--secret", LUMIN_KEY, "--seed", "3"]);
    expect(stdout).to.match(/^1 document over lumin\/account, seed 3\n +\d+ {2}happenings\n/);
  });

  it("refuses a remote address without --allow-remote", async () => {
    const { code, stderr } = await simulate("lumin", "http://hooks.example.com");
    expect(code).to.equal(1);
    expect(stderr).to.match(/^countersign: hooks\.example\.com is not this machine.*--allow-remote/);
  });

  it("refuses bad or missing options in a sentence", async () => {
    const here = "http://127.0.0.1:9";
    for (const [args, sentence] of [
      [["acme"], /There are lumin and legalesign/],
      [["lumin", "--to", "bridge"], /It must be an address/],
      [["lumin", "--faults", "fire"], /There are repeat, reorder/],
      [["lumin", "--documents", "0"], /a whole number from 1 to 5000/],
      [["lumin", "--rate", "fast"], /a rate such as 20\/s/],
      [["lumin", "--channels", "batch"], /lumin has no channel batch: it has account, app/],
      [["lumin"], /must be signed: give --secret, or LUMIN_PRIMARY_API_KEY/],
    ] as const) {
      const { code, stderr } = await runCommand(["simulate", "--to", here, ...args]);
      expect(code, stderr).not.to.equal(0);
      expect(stderr).to.match(sentence);
    }
  });

  it("ends with 1 and the count of abandoned posts without a bridge, and with 130 when stopped", async () => {
    const { code, stdout } = await simulate("lumin", "http://127.0.0.1:9", "--documents", "1");
    const { posts } = JSON.parse(stdout);
    expect([code, posts.accepted]).to.deep.equal([1, 0]);
    expect(posts.attempts).to.equal(7 * posts.givenUp);

    const args = ["simulate", "lumin", "--to", "http://127.0.0.1:9", "--secret", "k"];
    expect((await runCommand(args, { signal: AbortSignal.abort() })).code).to.equal(130);
  });
});
