import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Config, parseConfig } from "../src/config.ts";
import { parseDuration, parseSize } from "../src/domain/quantity.ts";
import { loadMapping, SHIPPED_MAPPINGS } from "../src/mapping/load.ts";
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

  it("with openssl accepts a genuine delivery, and refuses a changed one", async function () {
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

  it("waits longer for a stop than the bridge's default takes", async () => {
    const { config } = await parseConfig("{}", "/etc/countersign/countersign.yaml", {});
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    expect(Number(seconds) * 1_000).to.be.at.least((config?.shutdown ?? Infinity) + 5_000);
  });

  it("starts the program of the package, with a configuration", () => {
    const { bin } = JSON.parse(readFileSync(join(example(".."), "package.json"), "utf8"));
    const [, started] =
      /^ExecStart=\S+\/node \/opt\/countersign\/(\S+) serve --config \S+$/m.exec(unit) ?? [];
    expect(bin).to.deep.equal({ countersign: started });
  });
});

describe("the hardening of the systemd unit", () => {
  const lines = readFileSync(example("countersign.service"), "utf8").split("\n");

  it("takes every right from the service that it does not need", () => {
    expect(lines).to.include.members([
      ...["DynamicUser=yes", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "UMask=0077"],
      ...["ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes"],
      ...["ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectKernelLogs=yes"],
      ...["LockPersonality=yes", "SystemCallFilter=@system-service"],
      "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    ]);
  });

  it("lets V8 compile", () => {
    expect(lines.filter((line) => line.startsWith("MemoryDenyWriteExecute"))).to.deep.equal([]);
  });
});

describe("the reverse proxies", () => {
  const nginx = readFileSync(example("nginx.conf"), "utf8").replaceAll(/^\s*#.*|\s+#.*/gm, "");
  const caddy = readFileSync(example("Caddyfile"), "utf8").replaceAll(/^\s*#.*|\s+#.*/gm, "");
  const settingOf = (text: string, name: string) =>
    new RegExp(`^\\s*${name} ([^;{\\n]+)`, "m").exec(text)?.[1]?.trim() ?? "";
  let server: Config["server"];
  before(async () => {
    const { config } = await parseConfig("{}", "/etc/countersign/countersign.yaml", {});
    if (!config) throw new Error("there is no configuration without keys");
    server = config.server;
  });

  it("pass the path of webhooks, and no other, to the port on which the bridge listens", () => {
    expect(settingOf(nginx, "server")).to.equal(`127.0.0.1:${server.port}`);
    expect(settingOf(nginx, "proxy_pass")).to.equal(`http://${settingOf(nginx, "upstream")}`);
    expect([...nginx.matchAll(/location (\S+)/g)].map(([, path]) => path)).to.deep.equal(["/in/", "/"]);
    expect(settingOf(caddy, "reverse_proxy")).to.equal(`127.0.0.1:${server.port}`);
    expect([...caddy.matchAll(/^\thandle ?(\S*) \{/gm)].map(([, path]) => path)).to.deep.equal(["/in/*", ""]);
    expect([settingOf(nginx, "return"), settingOf(caddy, "respond")]).to.deep.equal(["404", "404"]);
  });

  it("pass longer bodies than any shipped mapping takes", async () => {
    const names = readdirSync(SHIPPED_MAPPINGS).map((file) => file.replace(/\.yaml$/, ""));
    const loaded = await Promise.all(names.map((name) => loadMapping(name, [SHIPPED_MAPPINGS])));
    const own = loaded.flatMap(({ mapping }) =>
      [...(mapping?.channels.values() ?? [])].flatMap(({ maxBody }) => maxBody ?? []),
    );
    const longest = Math.max(server.maxBody, ...own);
    expect(parseSize(`${settingOf(nginx, "client_max_body_size")}b`)).to.be.above(longest);
    expect(parseSize(settingOf(caddy, "max_size").replace("i", ""))).to.be.above(longest);
  });

  it("wait longer than the bridge, and close idle connections before it", () => {
    expect(parseDuration(settingOf(nginx, "keepalive_timeout"))).to.be.below(server.idleTimeout);
    expect(parseDuration(settingOf(caddy, "keepalive"))).to.be.below(server.idleTimeout);
    expect(parseDuration(settingOf(nginx, "client_body_timeout"))).to.be.above(server.stallTimeout);
  });

  it("neither change nor buffer a body, and forward the client's address", () => {
    expect(settingOf(nginx, "proxy_request_buffering")).to.equal("off");
    expect(`${nginx}${caddy}`).not.to.match(/gunzip|sub_filter|encode|request_buffers|rewrite/);
    expect(nginx).to.include("X-Forwarded-For $proxy_add_x_forwarded_for");
    expect(nginx).to.match(/^ *underscores_in_headers on;$/m);
  });

  it("log no query, which may hold a token", () => {
    const [, format = ""] = /log_format (.*);/.exec(nginx) ?? [];
    expect(format)
      .to.include("$uri")
      .and.not.match(/\$(request|args|request_uri|query_string|http_referer)\b/);
    expect(caddy).not.to.match(/^\s*log\b/m);
  });
});

describe("the built program", () => {
  it("can be run by its name, also where npx knows the folder", () => {
    expect(statSync(join(example(".."), "dist/main.js")).mode & 0o111).to.equal(0o111);
  });
});
