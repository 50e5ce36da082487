import { readFileSync } from "node:fs";
import { expect } from "chai";
import { GENERATED_PAGES, withTables } from "../scripts/pages.ts";
import { generateSchemas } from "../scripts/schemas.ts";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");

describe("schemas/", () => {
  for (const [file, text] of generateSchemas()) {
    it(`${file} equals the schema of the code (npm run schemas writes it)`, () => {
      expect(read(`schemas/${file}`)).to.equal(text);
    });
  }
});

describe("the reference tables of docs/", () => {
  for (const page of GENERATED_PAGES) {
    it(`equal those of the code: ${page} (npm run schemas writes them)`, () => {
      const text = read(page);
      expect(withTables(page, text)).to.equal(text);
    });
  }

  it("must have a place in their page", () => {
    expect(() => withTables("docs/metrics.md", "# Metrics\n")).to.throw("has no place for metrics");
  });
});
