import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env, kill } from "node:process";
import { expect } from "chai";
import { lastingPort } from "../crash/ports.ts";
import { aFolder, atTidy, tidy } from "../support/bridge.ts";
import { until } from "../support/until.ts";
import { pathOf, read } from "./files.ts";

/** The commands of a section of docs/deploying.md, in order. */
function commandsOf(heading: string): string[] {
  const [, rest = ""] = read("docs/deploying.md").split(`\n## ${heading}\n`);
  const [, block = ""] = /```console\n(.*?)```/s.exec(rest) ?? [];
  return block
    .replaceAll("\\\n", "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/^[$#] /, ""));
}

describe("docs/deploying.md", function () {
  this.timeout(300_000);
  afterEach(tidy);

  it("leads by hand from nothing to the first event, command by command", async () => {
    const folder = aFolder();
    // As in a clone after `npm ci`, where npx finds the program; ports are free ones.
    for (const name of ["examples", "node_modules"]) symlinkSync(pathOf(name), join(folder, name));
    mkdirSync(join(folder, "bin"));
    writeFileSync(join(folder, "bin/npx"), `#!/bin/sh\nshift\nexec node ${pathOf("src/main.ts")} "$@"\n`);
    chmodSync(join(folder, "bin/npx"), 0o755);
    const ports = { 8080: await lastingPort(), 8081: await lastingPort(), 9000: await lastingPort() };
    const commands = commandsOf("By hand").map((command) =>
      command.replaceAll(/\b(8080|8081|9000)\b/g, (port) =>
        String(ports[Number(port) as keyof typeof ports]),
      ),
    );
    expect(commands).to.have.length(5);

    const [init = "", receive = "", serve = "", check = "", simulate = ""] = commands;
    await run(init, folder);
    const file = join(folder, "site/countersign.yaml");
    appendFileSync(file, `server: { port: ${ports[8080]} }\n`);
    writeFileSync(file, readFileSync(file, "utf8").replace("admin: {", `admin: { port: ${ports[8081]},`));
    const receiver = background(receive, folder);
    await until(() => receiver.said().includes("listening"), "the receiver listens");
    background(serve, folder);
    await until(async () => (await attempt(check, folder)) === 0, "the bridge is healthy");
    await run(simulate, folder);
    await until(
      () => /^esign\.document\.created documents\/\S+ created$/m.test(receiver.said()),
      "an event has come",
    );
  });
});

/** A command in a shell of its own, as typed in `cwd`. */
function shell(command: string, cwd: string): ChildProcess {
  const path = `${join(cwd, "bin")}:${process.execPath.replace(/\/node$/, "")}:${env.PATH}`;
  return spawn("sh", ["-c", command], {
    ...{ cwd, detached: true, env: { ...env, PATH: path }, stdio: ["ignore", "pipe", "inherit"] },
  });
}

async function attempt(command: string, cwd: string): Promise<number | null> {
  const child = spawn("sh", ["-c", command], {
    ...{
      cwd,
      stdio: "ignore",
      env: { ...env, PATH: `${join(cwd, "bin")}:${process.execPath.replace(/\/node$/, "")}:${env.PATH}` },
    },
  });
  return new Promise((resolve) => child.once("close", resolve));
}

async function run(command: string, cwd: string): Promise<void> {
  expect(await attempt(command, cwd), command).to.equal(0);
}

/** A command that ends with `&`; its processes end with the test. */
function background(command: string, cwd: string): { said(): string } {
  expect(command).to.match(/ &$/);
  const child = shell(`exec ${command.replace(/ &$/, "")}`, cwd);
  let output = "";
  child.stdout?.on("data", (chunk) => {
    output += chunk;
  });
  atTidy(() => {
    if (child.pid !== undefined && child.exitCode === null) kill(-child.pid, "SIGKILL");
  });
  return { said: () => output };
}
