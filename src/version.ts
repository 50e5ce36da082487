import { createRequire } from "node:module";

/** The version that answers, metrics and `--version` show. */
export const VERSION: string = createRequire(import.meta.url)("../package.json").version;
