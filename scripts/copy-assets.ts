import { cpSync } from "node:fs";

/** What the compiler leaves behind: files that are read at run time. */
for (const folder of ["store/migrations", "store/migrations-postgres"])
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
