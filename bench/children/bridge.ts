import { randomBytes } from "node:crypto";
import { type App, createApp } from "../../src/app.ts";
import { openSqliteStore, type SqliteStore } from "../../src/store/sqlite.ts";
import { answer } from "../processes.ts";
import { configure, fileOf, type Settings } from "../settings.ts";
import { type Usage, usage } from "./usage.ts";

/** The bridge as `countersign serve` runs it, with the store in hand to ask how often it committed. */
let store: SqliteStore | null = null;
let app: App | null = null;

const calls = {
  async start(settings: Settings): Promise<string> {
    const config = await configure(settings);
    store = openSqliteStore({ file: fileOf(settings), token: () => randomBytes(12).toString("hex") });
    app = await createApp(config, { store });
    return app.url;
  },
  /** Afterwards it can be started anew. */
  async stop(_: null): Promise<void> {
    await app?.stop();
    app = store = null;
  },
  /** Where its health and metrics are. */
  admin: (_: null) => app?.adminUrl ?? "",
  usage(_: null): Usage & { commits: number } {
    return { ...usage(), commits: store?.commits ?? 0 };
  },
};
export type BridgeCalls = typeof calls;
answer(calls);
