import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { lastLineOf, linesOf } from "../../src/cli/lines.ts";
import { aFolder, tidy } from "../support/bridge.ts";

describe("a file of lines", () => {
  afterEach(tidy);

  function aFile(text: string): string {
    const file = join(aFolder(), "lines");
    writeFileSync(file, text);
    return file;
  }

  async function read(text: string): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of linesOf(aFile(text))) lines.push(line.toString());
    return lines;
  }

  it("is read line by line, without an unended last line", async () => {
    expect(await read("a\n\nbü\n")).to.deep.equal(["a", "", "bü"]);
    expect(await read("a\nb")).to.deep.equal(["a"]);
    expect(await read("")).to.deep.equal([]);
  });

  it("ends lines at line feeds only", async () => {
    expect(await read("a\u2028b\u2029c\rd\u0085e\n")).to.deep.equal(["a\u2028b\u2029c\rd\u0085e"]);
  });

  it("may have lines that are longer than one read", async () => {
    const long = ["x".repeat(2_500_000), "ü".repeat(1_048_577), "y"];
    expect((await read(`${long.join("\n")}\n`)).map(({ length }) => length)).to.deep.equal([
      2_500_000, 1_048_577, 1,
    ]);
  });

  it("gives its last line at once, if that is ended and short", async () => {
    expect(await lastLineOf(aFile("a\nb\n"))).to.equal("b");
    expect(await lastLineOf(aFile("b\n"))).to.equal("b");
    expect(await lastLineOf(aFile(`${"x".repeat(10_000)}\nb\n`))).to.equal("b");
    for (const text of ["", "\n", "a\nb", `a\n${"x".repeat(5_000)}\n`])
      expect(await lastLineOf(aFile(text))).to.equal(null);
  });
});
