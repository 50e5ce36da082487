import { randomBytes } from "node:crypto";
import { openSqliteStore } from "./sqlite.ts";
import type { Store } from "./store.ts";

/** Opens the store that the configuration names. */
export async function openStore({ file }: { kind: "sqlite"; file: string }): Promise<Store> {
  return openSqliteStore({ file, token: () => randomBytes(12).toString("hex") });
}
