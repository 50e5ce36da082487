import { chmodSync, cpSync } from "node:fs";

/**
 * What the compiler leaves undone: files that are read at run time, and a program that can be run by its
 * name.
 */
for (const folder of ["store/sqlite/migrations", "store/postgres/migrations", "console/assets"])
  cpSync(`src/${folder}`, `dist/${folder}`, { recursive: true });
// npx does so itself, but only the first time that it meets the folder.
chmodSync("dist/main.js", 0o755);
