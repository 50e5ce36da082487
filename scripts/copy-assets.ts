import { cpSync } from "node:fs";

/** What the compiler leaves behind: files that are read at run time. */
cpSync("src/store/migrations", "dist/store/migrations", { recursive: true });
