import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";

const OUTPUT = new URL("../../src/log/output.ts", import.meta.url).href;

/** Counts writes to standard output and flushes to the disk, and says so on standard error. */
const COUNTING = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const counts = { writes: 0, flushes: 0 };
  const { writeSync, fsyncSync } = fs;
  fs.writeSync = (fd, ...rest) => (fd === 1 && counts.writes++, writeSync(fd, ...rest));
  fs.fsyncSync = (...rest) => (counts.flushes++, fsyncSync(...rest));
  fs.fsync = (fd, done) => (counts.flushes++, done(null));
  syncBuiltinESMExports();
  globalThis.report = () => writeSync(2, JSON.stringify(counts));
`;

/** Runs a program that has the log's output as `log`, with a file as its standard output. */
function run(program: string): { lines: string; counts: { writes: number; flushes: number } } {
  const folder = mkdtempSync(join(tmpdir(), "countersign-output-"));
  const file = join(folder, "log");
  const out = openSync(file, "w");
  try {
    const counting = `data:text/javascript,${encodeURIComponent(COUNTING)}`;
    const start = `const { openLogOutput } = await import(${JSON.stringify(OUTPUT)}); const log = openLogOutput();
      const { setImmediate: turn } = await import("node:timers/promises"); ${program}`;
    const args = ["--import", counting, "--input-type=module", "-e", start];
    const { stderr } = spawnSync(process.execPath, args, {
      stdio: ["ignore", out, "pipe"],
      encoding: "utf8",
    });
    return { lines: readFileSync(file, "utf8"), counts: JSON.parse(stderr) };
  } finally {
    closeSync(out);
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("the output of the log", () => {
  it("writes the lines of a turn at once, and does not wait for a disk", () => {
    const { lines, counts } = run(`
      for (let n = 0; n < 5; n++) {
        log.write("a" + n + "\\n");
        log.write("b" + n + "\\n");
        await turn();
        await turn();
      }
      report();`);
    expect(lines).to.equal("a0\nb0\na1\nb1\na2\nb2\na3\nb3\na4\nb4\n");
    expect(counts).to.deep.equal({ writes: 5, flushes: 0 });
  });

  it("keeps no more than some kilobytes for the end of the turn", () => {
    const { lines, counts } = run(`
      for (let n = 0; n < 10; n++) log.write("x".repeat(4095) + "\\n");
      report();`);
    expect(lines).to.have.length(40_960);
    expect(counts.writes).to.equal(5);
  });

  it("loses no line when the process ends in the middle of a turn", () => {
    const { lines } = run(`report(); log.write("last\\n"); process.exit(3);`);
    expect(lines).to.equal("last\n");
  });
});
