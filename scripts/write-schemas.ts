import { writeFileSync } from "node:fs";
import { generateSchemas } from "./schemas.ts";

for (const [file, text] of generateSchemas())
  writeFileSync(new URL(`../schemas/${file}`, import.meta.url), text);
