import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { aFolder, tidy } from "./bridge.ts";

const MOCHA = fileURLToPath(import.meta.resolve("mocha/bin/mocha.js"));
const REPORTER = fileURLToPath(new URL("./reporter.ts", import.meta.url));
const PASSES = `describe("one", () => { it("passes", () => {}); it.skip("is skipped"); });`;

/** Runs test files of these contents in parallel, as `npm test` does. */
function runFiles(contents: Readonly<Record<string, string>>) {
  const folder = aFolder();
  const files = Object.entries(contents).map(([name, text]) => {
    const file = join(folder, `${name}.test.ts`);
    writeFileSync(file, text);
    return file;
  });
  const options = ["--no-config", "--parallel", "--jobs", "2", "--extension", "ts", "--reporter", REPORTER];
  const { status, stdout } = spawnSync(process.execPath, [MOCHA, ...options, ...files], { encoding: "utf8" });
  const failed = stdout.match(/^failed in .*/gm) ?? [];
  return {
    isGood: status === 0,
    lastLine: stdout.trimEnd().split("\n").at(-1),
    failed: failed.map((line) => relative(folder, join(process.cwd(), line.slice("failed in ".length)))),
  };
}

describe("the report of a parallel run", function () {
  this.timeout(60_000);
  afterEach(tidy);

  it("ends with the counts", () => {
    expect(runFiles({ one: PASSES, two: PASSES })).to.deep.equal({
      isGood: true,
      lastLine: "2 passed, 0 failed, 2 skipped",
      failed: [],
    });
  });

  const ENDS = {
    "ends itself with 0": `process.exit(0)`,
    "is killed": `process.kill(process.pid, "SIGKILL")`,
  };
  for (const [what, code] of Object.entries(ENDS)) {
    it(`counts a process that ${what} as a failure, and names its file and all others with failures`, () => {
      const contents = {
        one: PASSES,
        fails: `it("fails", () => { throw new Error("as it should"); });`,
        ends: `it("passes", () => {}); it("ends", () => { ${code}; });`,
      };
      const { failed, ...rest } = runFiles(contents);
      expect(failed).to.have.members(["fails.test.ts", "ends.test.ts"]);
      expect(rest).to.deep.equal({ isGood: false, lastLine: "1 passed, 2 failed, 1 skipped" });
    });
  }

  it("counts a file that cannot be loaded as a failure", () => {
    expect(runFiles({ one: PASSES, broken: `throw new Error("as it should");` })).to.deep.equal({
      isGood: false,
      lastLine: "1 passed, 1 failed, 1 skipped",
      failed: ["broken.test.ts"],
    });
  });

  it("counts a file of which only a part would run as a failure", () => {
    const part = `it("is left out", () => {}); it.only("alone", () => {});`;
    expect(runFiles({ one: PASSES, part })).to.deep.equal({
      isGood: false,
      lastLine: "1 passed, 1 failed, 1 skipped",
      failed: ["part.test.ts"],
    });
  });
});
