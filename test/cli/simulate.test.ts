import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { TruthLine } from "../../src/simulate/truth.ts";
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

async function kept(bridge: Bridge): Promise<{ type: string; document: { id: string } | null }[]> {
  const all = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const { body } = await bridge.admin(`/api/v1/events?limit=1000${cursor && `&cursor=${cursor}`}`);
    all.push(...body.items);
    cursor = body.next;
  }
  return all;
}

function truthIn(file: string): TruthLine[] {
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
    it(`plays ${provider} ${more.join(" ")} so that each happening told is one event of the bridge`, async () => {
      const bridge = await startBridge(CONFIG);
      const truth = join(aFolder(), "truth.ndjson");
      const wish = ["--documents", "6", "--seed", "7", "--truth", truth, ...more];
      const { code, stdout, stderr } = await simulate(provider, bridge.url, ...wish);
      expect([code, stderr]).to.deep.equal([0, ""]);

      const told = truthIn(truth).filter((line) => line.kind === "happening" && line.told);
      expect(told).not.to.have.length(0);
      expect(await kept(bridge)).to.have.length(told.length);
      const summary = JSON.parse(stdout);
      expect(summary).to.deep.include({ provider, seed: 7, documents: 6 });
      expect(summary.bridge).to.include({ events: told.length, problems: 0 });
    });
  }

  it("plays the same again when it is given seed and start, and the bridge knows it again", async () => {
    const bridge = await startBridge(CONFIG);
    const wish = ["--documents", "3", "--seed", "7", "--start", "2026-01-01T00:00:00Z"];
    const first = JSON.parse((await simulate("lumin", bridge.url, ...wish)).stdout);
    const again = JSON.parse((await simulate("lumin", bridge.url, ...wish)).stdout);
    expect(again.bridge).to.deep.include({ events: 0, duplicates: first.bridge.events });
  });

  it("finds forged posts refused and cut ones kept with a problem", async () => {
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
    expect(posts.forged).to.deep.equal({ refused: faults.forge, taken: 0 });
    expect(said.problems).to.equal(faults.truncate);
    expect(faults.forge).to.be.greaterThan(0);
  });

  it("counts for people what was played", async () => {
    const bridge = await startBridge(CONFIG);
    const args = ["simulate", "lumin", "--to", bridge.url, "--documents", "1", "--rate", "100000/s"];
    const { stdout } = await runCommand([...args, "--secret", LUMIN_KEY, "--seed", "3"]);
    expect(stdout).to.match(/^1 document over lumin\/account, seed 3\n +\d+ {2}happenings\n/);
  });

  it("goes nowhere but to this machine unless it is told to", async () => {
    const { code, stderr } = await simulate("lumin", "http://hooks.example.com");
    expect(code).to.equal(1);
    expect(stderr).to.match(/^countersign: hooks\.example\.com is not this machine.*--allow-remote/);
  });

  it("says in a sentence what it does not understand, or lacks", async () => {
    const here = "http://127.0.0.1:9";
    for (const [args, sentence] of [
      [["acme"], /There is lumin and legalesign/],
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

  it("ends with 1 and says what was given up when no bridge answers, and with 130 when it is stopped", async () => {
    const { code, stdout } = await simulate("lumin", "http://127.0.0.1:9", "--documents", "1");
    const { posts } = JSON.parse(stdout);
    expect([code, posts.taken]).to.deep.equal([1, 0]);
    expect(posts.tries).to.equal(7 * posts.givenUp);

    const args = ["simulate", "lumin", "--to", "http://127.0.0.1:9", "--secret", "k"];
    expect((await runCommand(args, { signal: AbortSignal.abort() })).code).to.equal(130);
  });
});
