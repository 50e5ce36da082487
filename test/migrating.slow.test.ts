import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { COMMANDS } from "../src/cli/commands.ts";
import { loadConfig } from "../src/config.ts";
import { configFileFor } from "./cli/operator.ts";
import { type Ran, runCommand } from "./cli/terminal.ts";
import {
  aFolder,
  type Bridge,
  FORM,
  type Receiver,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "./support/bridge.ts";
import { createManualClock, type ManualClock } from "./support/clock.ts";
import { until } from "./support/until.ts";

/** docs/migrating.md, followed step by step: its configurations are put in force, its commands are run. */

const GUIDE = readFileSync(new URL("../docs/migrating.md", import.meta.url), "utf8");
const START = Date.UTC(2026, 0, 31, 12);
const DAY = 86_400_000;
const REALTIME_SECRET = "a-realtime-secret";

interface Step {
  title: string;
  /** In the order of the page: a configuration's sections, or commands. */
  blocks: readonly ({ sections: object } | { commands: readonly string[] })[];
}

/** The numbered steps of the page. */
function stepsOf(page: string): Step[] {
  return page
    .split(/^### (?=\d+\. )/m)
    .slice(1)
    .map((text) => ({
      title: text.split("\n", 1)[0] ?? "",
      blocks: [...text.matchAll(/^```(yaml|console)\n(.*?)^```/gms)].map(([, kind, body = ""]) =>
        kind === "yaml"
          ? { sections: parse(body) as object }
          : { commands: [...body.matchAll(/^\$ countersign (.*)$/gm)].map(([, command = ""]) => command) },
      ),
    }));
}

describe("docs/migrating.md", () => {
  const env: Record<string, string> = {
    LEGALESIGN_TOKEN: TOKEN,
    LEGALESIGN_HMAC_SECRET: REALTIME_SECRET,
    OLD_SECRET: SECRET,
    CRM_WEBHOOK_SECRET: SECRET,
  };
  let clock: ManualClock;
  let folder: string;
  let file: string;
  let bridge: Bridge | null;
  let config: object;
  let old: Receiver;
  let crm: Receiver;
  beforeEach(async () => {
    clock = createManualClock(START);
    folder = aFolder();
    file = join(folder, "countersign.yaml");
    bridge = null;
    [old, crm] = [await startReceiver(), await startReceiver()];
    env.OLD_RECEIVER = old.url;
    env.NEW_RECEIVER = crm.url;
    config = {
      server: { host: "127.0.0.1", port: 0 },
      admin: { port: 0 },
      store: "sqlite:./countersign.db",
      log: { level: "silent" },
    };
  });
  afterEach(tidy);

  const running = () => bridge ?? expect.fail("the bridge is not started yet");

  async function serve(): Promise<void> {
    const text = readFileSync(file, "utf8").replaceAll(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? "");
    bridge = await startBridge(text, { folder, clock, load: () => loadConfig(file, env) });
  }

  /** The newest receipt stands for an id that the page leaves out. */
  async function withIds(command: string): Promise<string> {
    if (!command.includes("rcp_…")) return command;
    const { items } = (await running().admin("/api/v1/receipts?shadow=true&limit=1")).body;
    return command.replace("rcp_…", items[0].id);
  }

  /** Files of the page lie in the folder of the configuration, what a command prints into one as well. */
  async function runLine(line: string): Promise<Ran | null> {
    const [command = "", into] = (await withIds(line)).split(" > ");
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    const args = words.map((word) => (word.startsWith("proof.") ? join(folder, word) : word));
    if (args[0] === "serve") {
      await serve();
      return null;
    }
    const at = bridge ? configFileFor(bridge, stringifyForCli(), "cli.yaml") : file;
    const ran = await runCommand([...args, "--config", at], { env });
    if (into !== undefined) writeFileSync(join(folder, into), ran.stdout);
    return ran;
  }

  const stringifyForCli = () => stringify(config).replace("admin:\n  port: 0", "admin: { port: 0 }");

  /** Puts the step's configurations in force, and runs its commands. Returns what each command printed. */
  async function follow(step: Step): Promise<string> {
    let printed = "";
    for (const block of step.blocks) {
      if ("sections" in block) {
        config = { ...config, ...block.sections };
        writeFileSync(file, stringifyForCli());
        continue;
      }
      for (const command of block.commands) {
        const ran = await runLine(command);
        if (!ran) continue;
        // So few documents do not make a proof that passes, but a genuine one.
        if (command.startsWith("parity "))
          expect([ran.code > 2, ran.stderr], command).to.deep.equal([false, ""]);
        else expect([ran.code, ran.stderr], `countersign ${command}: ${ran.stdout}`).to.deep.equal([0, ""]);
        if (command.startsWith("parity verify")) expect(ran.stdout).to.include("genuine");
        printed += ran.stdout;
      }
    }
    return printed;
  }

  const item = (value: string, document: string) => ({
    value,
    timestamp: new Date(clock.now()).toISOString().replace(/\.\d+Z/, "+00:00"),
    resource_uri: `/api/v1/document/${document}/`,
    name: "status",
  });
  async function postBatch(...items: object[]): Promise<void> {
    const body = new URLSearchParams({ data: JSON.stringify(items) }).toString();
    const { status } = await running().post(`/in/legalesign/batch?token=${TOKEN}`, body, FORM);
    expect(status).to.equal(200);
  }
  async function postRealtime(event: string, document: string): Promise<void> {
    const uri = `/api/v1/document/${document}/`;
    const data = { uuid: document, name: "A lease", resourceUri: uri, recipients: [] };
    const created = Math.floor(clock.now() / 1_000);
    const body = JSON.stringify({ object: "document", event, id: `${event}-${document}`, created, data });
    const signature = createHmac("sha256", REALTIME_SECRET).update(body).digest("hex");
    const headers = { "content-type": "application/json", "x-hmac-sha256": signature };
    expect((await running().post("/in/legalesign/realtime", body, headers)).status).to.equal(200);
  }
  const itemsAtOld = () =>
    old.deliveries.flatMap(({ body }): string[] =>
      JSON.parse(new URLSearchParams(body.toString()).get("data") ?? "[]").map(
        (one: Record<string, string>) => `${one.resource_uri?.split("/").at(-2)} ${one.value}`,
      ),
    );
  /** Lets the running six minutes end, and waits for the items that `old` must have by then. */
  async function batchEnds(expected: readonly string[]): Promise<void> {
    await clock.advance(366_000);
    await until(() => itemsAtOld().length >= expected.length, `${expected.length} items at the old receiver`);
    expect(itemsAtOld()).to.deep.equal(expected);
    await until(async () => {
      const { items } = (await running().admin("/api/v1/destinations")).body;
      return items.every(({ open }: { open: number }) => open === 0);
    }, "nothing is open");
  }

  it("can be followed step by step: no event is missing or twice at the old receiver, nor at the new", async () => {
    const [describeIt, start, shadow, prove, unmark, standby, off, remove, beside, letGo, ...more] = stepsOf(
      GUIDE,
    ) as [Step, Step, Step, Step, Step, Step, Step, Step, Step, Step];
    expect(more).to.deep.equal([]);

    expect(await follow(describeIt)).to.include("legalesign-batch has no word for document.created");
    await follow(start);
    await postBatch(item("10", "d1"), item("20", "d1"));
    await batchEnds(["d1 10", "d1 20"]);

    // The receipt that the step explains comes before its commands.
    const sections = shadow.blocks[0];
    config = { ...config, ...(sections && "sections" in sections ? sections.sections : {}) };
    writeFileSync(file, stringifyForCli());
    await running().reload();
    await postRealtime("rejected", "d2");
    expect(await follow(shadow)).to.include("in shadow");
    await postRealtime("finalPdfCreated", "d1");
    await postBatch(item("100", "d1"), item("10", "d2"));
    await batchEnds(["d1 10", "d1 20", "d1 100", "d2 10"]);
    await follow(prove);

    await follow(unmark);
    await until(
      async () => (await running().admin("/api/v1/receipts?shadow=true")).body.items.length === 0,
      "nothing is in shadow",
    );
    await batchEnds(["d1 10", "d1 20", "d1 100", "d2 10", "d2 50"]);
    await postBatch(item("50", "d2"));
    await clock.advance(2 * 3_600_000);

    await follow({ ...standby, blocks: withoutStatus(standby) });
    await clock.advance(60_000);
    const { code, stdout } = (await runLine("status")) ?? expect.fail("no status");
    expect([code, stdout.includes("standby_alone:legalesign/batch")], stdout).to.deep.equal([1, true]);
    expect(stdout.replaceAll(/\s+/g, " ")).to.include("for which none of these has a word");

    await clock.advance(8 * DAY);
    await postRealtime("created", "d3");
    await follow({ ...off, blocks: withoutStatus(off) });
    expect((await runLine("status"))?.stdout).to.include("standby_over:legalesign/batch");
    await follow(remove);
    await follow(beside);
    await postRealtime("finalPdfCreated", "d3");
    await crm.got(1);
    await batchEnds(["d1 10", "d1 20", "d1 100", "d2 10", "d2 50", "d3 100"]);
    await follow({ ...letGo, blocks: withoutStatus(letGo) });
    await postRealtime("rejected", "d4");
    await crm.got(2);
    expect(crm.deliveries.map(({ json }) => json.type)).to.deep.equal([
      "esign.document.downloadable",
      "esign.document.declined",
    ]);
  });

  /** Those commands that tell nothing but what needs a person: here the passing of time does. */
  function withoutStatus({ blocks }: Step): Step["blocks"] {
    return blocks.map((block) =>
      "commands" in block ? { commands: block.commands.filter((one) => one !== "status") } : block,
    );
  }

  it("names commands that exist", () => {
    const commands = stepsOf(GUIDE).flatMap(({ blocks }) =>
      blocks.flatMap((block) => ("commands" in block ? block.commands : [])),
    );
    const known = new Set<string>(COMMANDS.map(({ name }) => name));
    expect(commands.length).to.be.greaterThan(20);
    expect(commands.filter((one) => !known.has(one.split(" ")[0] ?? ""))).to.deep.equal([]);
  });
});
