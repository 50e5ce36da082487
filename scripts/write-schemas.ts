import { readFileSync, writeFileSync } from "node:fs";
import { GENERATED_PAGES, withTables } from "./pages.ts";
import { generateSchemas } from "./schemas.ts";

const ROOT = new URL("../", import.meta.url);

for (const [file, text] of generateSchemas()) writeFileSync(new URL(`schemas/${file}`, ROOT), text);
for (const page of GENERATED_PAGES) {
  const file = new URL(page, ROOT);
  writeFileSync(file, withTables(page, readFileSync(file, "utf8")));
}
