import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const MAX_COLUMNS = 110;

/** Literals cannot be broken, nor can addresses: what stands beside them must still fit. */
const UNBREAKABLE = [/https?:\/\/\S+/g, /"(?:\\.|[^"\\])*"/g, /'(?:\\.|[^'\\])*'/g, /`(?:\\.|[^`\\])*`?/g];
/** Texts over several lines, such as YAML in tests. */
const LONG_TEMPLATE = /(?<=[=(,:?>]\s?|return )`(?:\\.|[^`\\])*`/g;
const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\\\n])+\/[a-z]*(?=[.,;)\s])/g;

function tooWide(line: string): boolean {
  if (line.length <= MAX_COLUMNS) return false;
  const isComment = /^\s*(\/\/|\/?\*|--)/.test(line);
  const breakable = (isComment ? UNBREAKABLE.slice(0, 1) : [...UNBREAKABLE, REGULAR_EXPRESSION]).reduce(
    (rest, pattern) => rest.replaceAll(pattern, ""),
    line,
  );
  return breakable.length > MAX_COLUMNS;
}

describe("the width of code and comments", () => {
  const files = globSync("{src,test,bench,scripts}/**/*.{ts,sql}", { cwd: ROOT }).filter(
    (file) => !file.startsWith("test/fixtures/") && !file.startsWith("test/store/released/"),
  );

  it(`is at most ${MAX_COLUMNS} columns`, () => {
    const wide = files.flatMap((file) =>
      readFileSync(`${ROOT}${file}`, "utf8")
        .replaceAll(LONG_TEMPLATE, (text) => "\n".repeat(text.split("\n").length - 1))
        .split("\n")
        .flatMap((line, index) => (tooWide(line) ? [`${file}:${index + 1}`] : [])),
    );
    expect(wide).to.deep.equal([]);
  });

  it("is judged without literals and addresses, which cannot be broken", () => {
    const long = "x".repeat(120);
    expect([`const a = "${long}";`, `  // https://example.com/${long}`].map(tooWide)).to.deep.equal([
      false,
      false,
    ]);
    expect([`// ${long}`, `/** "${long}" */`, `f(${long});`].map(tooWide)).to.deep.equal([true, true, true]);
  });
});
