import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseEnv } from "node:util";
import { expect } from "chai";
import { runCommand } from "../cli/terminal.ts";
import { lastingPort } from "../crash/ports.ts";
import { aFolder, atTidy, startReceiver, tidy } from "../support/bridge.ts";
import { type Box, makeBox, whyNoBox } from "./box.ts";

/** The image's tree in place of a container. */

const MAX_TREE_BYTES = 40 * 1_024 ** 2;

/** Waits for the log line of an event. */
async function lineOf(child: ChildProcess, event: string): Promise<void> {
  if (!child.stdout) throw new Error("there is no output");
  for await (const line of createInterface({ input: child.stdout }))
    if (line.includes(`"event":"${event}"`)) return;
  throw new Error(`the bridge ended without ${event}`);
}

describe("the image's tree", function () {
  this.timeout(300_000);
  let box: Box;
  let installed: string;
  let ports: { server: number; admin: number };
  let env: Record<string, string>;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;

  before(async function () {
    const reason = whyNoBox();
    if (reason !== null) this.skip();
    receiver = await startReceiver();
    installed = aFolder();
    const args = ["init", "--container", "--provider", "lumin", "--destination", `crm=${receiver.url}`];
    await runCommand([...args, "--to", installed]);
    env = parseEnv(readFileSync(join(installed, ".env"), "utf8")) as Record<string, string>;
    ports = { server: await lastingPort(), admin: await lastingPort() };
    box = makeBox(aFolder(), configuration());
  });
  after(tidy);

  /** What init wrote, with free ports and values in place of variables: the environment is the image's. */
  function configuration(): string {
    const text = readFileSync(join(installed, "countersign.yaml"), "utf8");
    const filled = text.replaceAll(/\$\{(\w+)\}/g, (_, name) => env[name] ?? "");
    return `server: { port: ${ports.server} }\n${filled.replace("admin: {", `admin: { port: ${ports.admin},`)}`;
  }

  function serve(): ChildProcess {
    const child = box.start(["serve"]);
    atTidy(() => void child.kill("SIGKILL"));
    return child;
  }

  it("has the program and what it needs, and nothing of the development", () => {
    const app = join(box.root, "app");
    expect(readdirSync(app)).to.have.members([
      ...["CHANGELOG.md", "LICENSE", "README.md", "countersign.example.yaml", "package.json"],
      ...["dist", "examples", "mappings", "node_modules", "schemas"],
    ]);
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(app, "package.json"), "utf8"));
    const has = (name: string) => existsSync(join(app, "node_modules", name, "package.json"));
    expect(Object.keys(dependencies).filter((name) => !has(name))).to.deep.equal([]);
    // koa-body depends on types.
    expect(
      Object.keys(devDependencies).filter((name) => has(name) && !name.startsWith("@types/")),
    ).to.deep.equal([]);
    const native = globSync("**/*.{node,so,exe}", { cwd: app });
    expect(native).to.deep.equal([]); // one image for every processor
    expect(globSync("dist/**/*.{ts,map}", { cwd: app })).to.deep.equal([]);
    const files = globSync("**", { cwd: app }).map((file) => statSync(join(app, file)));
    const size = files.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
    expect(size).to.be.below(MAX_TREE_BYTES);
    // Of root, and for nobody else to change.
    expect(files.filter(({ uid, mode }) => uid !== 0 || (mode & 0o022) !== 0)).to.have.length(0);
    expect(files.filter(({ mode }) => (mode & 0o004) === 0)).to.have.length(0);
  });

  it("runs as another user on a read-only root: is healthy, forwards a post, and stops upon SIGTERM", async () => {
    expect(await box.run(["healthcheck"])).to.deep.equal({
      code: 1,
      stdout: "",
      stderr: `countersign: not ready: http://127.0.0.1:${ports.admin}/readyz does not answer (ECONNREFUSED)\n`,
    });
    const bridge = serve();
    await lineOf(bridge, "process.ready");
    const { Uid } = Object.fromEntries(
      readFileSync(`/proc/${bridge.pid}/status`, "utf8")
        .split("\n")
        .map((line) => line.split(":\t", 2)),
    );
    expect(Uid).to.equal("65532\t65532\t65532\t65532");
    expect(await box.run(["healthcheck"])).to.deep.equal({ code: 0, stdout: "ready\n", stderr: "" });

    const to = `http://127.0.0.1:${ports.server}`;
    const posted = await runCommand(
      ["simulate", "lumin", "--to", to, "--documents", "1", "--rate", "1000/s"],
      { env },
    );
    expect([posted.code, posted.stderr]).to.deep.equal([0, ""]);
    await receiver.got(1);
    expect(readdirSync(join(box.root, "data"))).to.include("countersign.db");

    const ended = once(bridge, "close");
    bridge.kill("SIGTERM");
    expect((await ended)[0]).to.equal(0);
    expect((await box.run(["healthcheck", "--live"])).code).to.equal(1);
  });

  it("cannot be written to but for /data and /tmp", async () => {
    const write = (folder: string) =>
      box.run(["init", "--provider", "lumin", "--destination", "http://x", "--to", folder]);
    for (const folder of ["/app", "/site"]) {
      const { code, stderr } = await write(folder);
      expect([code, stderr.slice(0, 31)]).to.deep.equal([1, "countersign: nothing is written"]);
      expect(existsSync(join(box.root, folder, "countersign.yaml"))).to.equal(false);
    }
    for (const folder of ["/data", "/tmp"]) expect((await write(folder)).code).to.equal(0);
  });
});
