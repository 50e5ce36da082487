import { type App, createApp } from "../../src/app.ts";
import { limitYoungGeneration } from "../../src/memory.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";
import { type Usage, usage } from "./usage.ts";
import { beginToWatch, longestWait } from "./watch.ts";

/** The bridge as `countersign serve` runs it, with the store in hand to ask how often it committed. */
let store: (Store & { commits?: number }) | null = null;
let app: App | null = null;

const calls = {
  async start(settings: Settings): Promise<string> {
    limitYoungGeneration();
    const config = await configure(settings);
    store = await openStore(config.store, (message) => process.stderr.write(`${message}\n`));
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
  /** Of a store that counts them, commits; otherwise none. */
  usage(_: null): Usage & { commits: number } {
    return { ...usage(), commits: store?.commits ?? 0 };
  },
  /** From now on, or anew, it is watched how long a turn of the event loop takes. */
  watch: (_: null) => beginToWatch(),
  /** The longest of them since. */
  longest: (_: null) => longestWait(),
};
export type BridgeCalls = typeof calls;
answer(calls);
