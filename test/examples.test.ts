import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { parseConfig } from "../src/config.ts";
import {
  aFolder,
  configText,
  FORM,
  SECRET,
  startBridge,
  startReceiver,
  TOKEN,
  tidy,
} from "./support/bridge.ts";

const example = (name: string) => fileURLToPath(new URL(`../examples/${name}`, import.meta.url));
const children: ChildProcess[] = [];

/** The lines that a program prints, one at a time. */
function start(program: string, ...args: string[]): () => Promise<string> {
  const env = { ...process.env, CRM_WEBHOOK_SECRET: SECRET };
  const child = spawn(program, [...args, "0"], { env, stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const lines: string[] = [];
  let rest = "";
  let arrived = Promise.withResolvers<void>();
  child.stdout.on("data", (chunk) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    arrived.resolve();
    arrived = Promise.withResolvers();
  });
  return async () => {
    while (lines.length === 0) await arrived.promise;
    return lines.shift() ?? "";
  };
}

async function expectToAcceptOnlyOurs(nextLine: () => Promise<string>): Promise<void> {
  const [, port] = /^listening (\d+)$/.exec(await nextLine()) ?? [];
  const url = `http://127.0.0.1:${port}/`;
  const forged = await fetch(url, {
    method: "POST",
    body: "{}",
    headers: {
      "webhook-id": "evt_x",
      "webhook-timestamp": String(Math.floor(Date.now() / 1_000)),
      "webhook-signature": "v1,AAAA",
    },
  });
  expect(forged.status).to.equal(401);

  const bridge = await startBridge(
    configText(`destinations: { crm: { url: "${url}", secrets: ["${SECRET}"] } }`),
  );
  await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batchOf("100"), FORM);
  expect(await nextLine()).to.equal("esign.document.downloadable documents/d1 completed");
}

function batchOf(value: string): string {
  const item = {
    value,
    timestamp: "2022-07-11T07:29:09+00:00",
    resource_uri: "/api/v1/document/d1/",
    name: "status",
  };
  return `data=${encodeURIComponent(JSON.stringify([item]))}`;
}

const has = (program: string) =>
  spawnSync(program, ["--version"]).status === 0 || spawnSync(program, ["version"]).status === 0;

describe("the example receivers", () => {
  afterEach(async () => {
    await tidy();
    for (const child of children.splice(0)) child.kill();
  });

  it("in Node accepts what the bridge forwards, and nothing else", async () => {
    await expectToAcceptOnlyOurs(start(process.execPath, example("receiver-node.js")));
  });

  it("in Python accepts what the bridge forwards, and nothing else", async function () {
    if (!has("python3")) this.skip();
    await expectToAcceptOnlyOurs(start("python3", example("receiver-python.py")));
  });

  it("with openssl tells a genuine delivery from a changed one", async function () {
    if (!has("openssl")) this.skip();
    const receiver = await startReceiver();
    const bridge = await startBridge(
      configText(`destinations: { crm: { url: "${receiver.url}", secrets: ["${SECRET}"] } }`),
    );
    await bridge.post(`/in/legalesign/batch?token=${TOKEN}`, batchOf("100"), FORM);
    const [delivery] = await receiver.got(1);
    if (!delivery) throw new Error("nothing came");

    const body = join(aFolder(), "body.json");
    const {
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": signature,
    } = delivery.headers;
    const args = [
      example("verify-openssl.sh"),
      SECRET,
      String(id),
      String(timestamp),
      `v1,other ${signature}`,
      body,
    ];
    writeFileSync(body, delivery.body);
    expect(execFileSync("bash", args).toString()).to.equal("genuine\n");
    writeFileSync(body, `${delivery.body} `);
    expect(spawnSync("bash", args).status).to.equal(1);
  });
});

describe("the systemd unit", () => {
  const unit = readFileSync(example("countersign.service"), "utf8");

  it("waits longer for a stop than the bridge takes, unless it is configured otherwise", async () => {
    const { config } = await parseConfig("{}", "/etc/countersign/countersign.yaml", {});
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    expect(Number(seconds) * 1_000).to.be.at.least((config?.shutdown ?? Infinity) + 5_000);
  });

  it("starts the file that the package is built into", () => {
    expect(unit).to.match(/^ExecStart=\S+\/node \/opt\/countersign\/dist\/main\.js serve --config \S+$/m);
    expect(JSON.parse(readFileSync(join(example(".."), "package.json"), "utf8")).bin).to.deep.equal({
      countersign: "dist/main.js",
    });
  });
});

describe("the built program", () => {
  it("can be run by its name, also where npx has met the folder before", () => {
    expect(statSync(join(example(".."), "dist/main.js")).mode & 0o111).to.equal(0o111);
  });
});
