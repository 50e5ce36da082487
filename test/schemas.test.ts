import { readFileSync } from "node:fs";
import { expect } from "chai";
import { generateSchemas } from "../scripts/schemas.ts";

describe("schemas/", () => {
  for (const [file, text] of generateSchemas()) {
    it(`${file} is what the code checks with (npm run schemas writes it anew)`, () => {
      expect(readFileSync(new URL(`../schemas/${file}`, import.meta.url), "utf8")).to.equal(text);
    });
  }
});
