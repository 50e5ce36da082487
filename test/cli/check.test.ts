import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { aFolder, configText, LUMIN_KEY, SECRET, TOKEN, tidy } from "../support/bridge.ts";
import { runCommand } from "./terminal.ts";

function configFile(text: string): string {
  const file = join(aFolder(), "countersign.yaml");
  writeFileSync(file, text);
  return file;
}

describe("countersign check", () => {
  afterEach(tidy);

  it("says what a good configuration means, without a secret or token in it", async () => {
    const url = "https://crm.internal/hooks?key=in-the-query";
    const text = configText(
      `destinations: { crm: { url: "${url}", secrets: ["${SECRET}"], events: ["document.*"] } }
retention: { receipts: 36h, audit: never }`,
    );
    const { code, stdout, stderr } = await runCommand(["check", "--config", configFile(text)]);
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(stdout).to.include("lumin / account").and.include("POST /in/lumin/account");
    expect(stdout).to.include("POST /in/legalesign/batch?token=…").and.include("checked by token");
    expect(stdout).to.include("POST https://crm.internal/hooks\n").and.include("gets document.*");
    expect(stdout).to.include("up to 10 tries over 3d3h35m5s");
    expect(stdout).to.include("for receipts 1d12h, rejected 30d, events 90d,").and.include("audit ever,");
    for (const hidden of [LUMIN_KEY, TOKEN, SECRET, "in-the-query"]) expect(stdout).not.to.include(hidden);
  });

  it("shows the base path, and the limit of bodies where a channel has its own", async () => {
    const text = `server: { basePath: /esign, maxBody: 2mb }
sources:
  docusign: { mapping: docusign, channels: { connect: { secrets: [s] } } }
  lumin: { mapping: lumin, channels: { account: { secrets: [s] }, app: { secrets: [s], maxBody: 1mb } } }`;
    const { stdout } = await runCommand(["check", "--config", configFile(text)]);
    expect(stdout).to.include("http://0.0.0.0:8080/esign (bodies up to 2mb)");
    expect(stdout).to.include("POST /esign/in/lumin/account");
    const limits = [...stdout.matchAll(/; bodies up to (\w+)/g)].map(([, size]) => size);
    expect(limits).to.deep.equal(["30mb", "1mb"]);
  });

  it("names the types that a destination asks for and its format has no word for", async () => {
    const old = `{ url: "https://crm.internal/", secrets: ["${SECRET}"]`;
    const text = configText(`destinations:
  batch: ${old}, format: legalesign-batch, batch: 6m }
  upon: ${old}, format: legalesign-upon, events: ["document.*"] }
  one: ${old}, format: legalesign-upon, events: [document.sent] }
  whole: ${old} }`);
    const { stdout } = await runCommand(["check", "--config", configFile(text)]);
    const lines = stdout.split("\n").filter((line) => line.includes("has no word for"));
    expect(lines).to.have.length(2);
    expect(lines[0]).to.include("legalesign-batch has no word for document.created, document.cancel_failed,");
    expect(lines[1]).to.include("document.completed").and.not.include("signer.");
    expect(stdout).to.include("in one post for every 6m");
  });

  it("prints every problem with its place, and their count", async () => {
    const file = configFile("server: { port: x }\nadmin: { host: 0.0.0.0 }\n");
    const { code, stdout, stderr } = await runCommand(["check", "--config", file]);
    expect([code, stdout]).to.deep.equal([1, ""]);
    const lines = stderr.trimEnd().split("\n");
    expect(lines).to.have.length(3);
    expect(lines[0]).to.match(new RegExp(`^${file}:1:17: .server\\.port.`));
    expect(lines[2]).to.equal("countersign: 2 problems in the configuration");
  });

  it("reminds of receivers that parse application/json only", async () => {
    const text = (rest: string) =>
      configText(`destinations: { crm: { url: "https://crm.internal/", secrets: ["${SECRET}"]${rest} } }`);
    const said = async (rest: string) =>
      (await runCommand(["check", "--config", configFile(text(rest))])).stdout;
    expect(await said("")).to.include("set `contentType: application/json`");
    for (const rest of [", contentType: application/json", ", format: standard"])
      expect(await said(rest)).not.to.include("contentType");
  });

  it("says through which proxy a destination is reached, without its password", async () => {
    const proxy = "http://bridge:hush@proxy.internal:3128";
    const crm = `crm: { url: "https://crm.internal/", secrets: ["${SECRET}"], proxy: "${proxy}" }`;
    const file = configFile(configText(`destinations: { ${crm} }`));
    const { stdout } = await runCommand(["check", "--config", file]);
    expect(stdout).to.include("through the proxy http://proxy.internal:3128\n").and.not.include("hush");
  });

  it("says in capitals that a channel without checks is open to everyone", async () => {
    const text = "sources: { lumin: { mapping: lumin, channels: { account: { verify: none } } } }";
    const { stdout } = await runCommand(["check", "--config", configFile(text)]);
    expect(stdout).to.include("NOTHING: anybody may post");
  });
});

describe("countersign secret", () => {
  it("makes a new secret each time, of a size that every receiver takes", async () => {
    const [one, two] = await Promise.all([runCommand(["secret"]), runCommand(["secret"])]);
    expect(one.stdout).not.to.equal(two.stdout);
    expect(one.stdout).to.match(/^whsec_[A-Za-z0-9+/]+=*\n$/);
    const bytes = Buffer.from(one.stdout.trim().slice("whsec_".length), "base64").length;
    expect(bytes).to.be.within(24, 64);
  });
});

describe("the command line", () => {
  it("lists its commands with --help, and exits 2 on an unknown one", async () => {
    const help = await runCommand(["--help"]);
    expect(help.code).to.equal(0);
    for (const command of ["serve", "demo", "check", "map", "secret"])
      expect(help.stdout).to.include(command);
    const unknown = await runCommand(["srve"]);
    expect(unknown.code).to.equal(2);
    expect(unknown.stderr).to.include("serve");
  });

  it("calls a parked delivery a dead letter once in --help", async () => {
    const { stdout } = await runCommand(["--help"]);
    expect(stdout.match(/\bdead\s+letter\b/g)).to.have.lengthOf(1);
  });
});
