import { execFileSync } from "node:child_process";
import { expect } from "chai";

const MODULE = new URL("../src/memory.ts", import.meta.url).href;

/** How large a process' young generation is after so much garbage that it wants it to be large; in MB. */
function youngAfterGarbage(limit: string, flags: readonly string[] = []): number {
  const program = `
    import v8 from "node:v8";
    import { limitYoungGeneration } from ${JSON.stringify(MODULE)};
    ${limit};
    let kept = [];
    for (let turn = 0; turn < 400; turn++) {
      for (let i = 0; i < 5_000; i++) kept.push({ list: new Array(20).fill(Math.random()) });
      if (kept.length > 50_000) kept = [];
      await new Promise((resolve) => setImmediate(resolve));
    }
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === "new_space");
    console.log(young.space_size / 2 ** 20);`;
  return Number(
    // As on a machine with much memory.
    execFileSync(
      process.execPath,
      ["--max-old-space-size=4096", ...flags, "--input-type=module", "--eval", program],
      {
        encoding: "utf8",
        env: { ...process.env, NODE_OPTIONS: "" },
      },
    ),
  );
}

describe("the heap's young generation", function () {
  this.timeout(60_000);

  it("stays below the limit that V8 alone would allow", () => {
    expect(youngAfterGarbage("limitYoungGeneration()")).to.equal(32);
    expect(youngAfterGarbage("")).to.be.above(32);
  });

  it("is as large as the options of the process say", () => {
    expect(youngAfterGarbage("limitYoungGeneration()", ["--max-semi-space-size=32"])).to.be.above(32);
  });
});
