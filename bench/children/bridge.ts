import { type App, createApp } from "../../src/app.ts";
import { limitYoungGeneration } from "../../src/memory.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { answer } from "../processes.ts";
import { configure, type Settings } from "../settings.ts";
import { type Usage, usage } from "./usage.ts";
import { longestWait, startWatch } from "./watch.ts";

/** The bridge as `countersign serve` runs it, with the store in hand to ask how often it committed. */
let store: (Store & { commits?: number }) | null = null;
let app: App | null = null;

const calls = {
  async start(settings: Settings): Promise<string> {
    limitYoungGeneration();
    const config = await configure(settings);
    store = await openStore(config.store, (message) => process.stderr.write(`${message}\n`));
    const { environment = {} } = settings;
    // The exporter reads where to export to from there.
    Object.assign(process.env, environment);
    app = await createApp(config, { store, environment });
    return app.url;
  },
  /** Afterwards it can be started again. */
  async stop(_: null): Promise<void> {
    await app?.stop();
    app = store = null;
  },
  /** The address of health and metrics. */
  admin(_: null): string {
    if (!app) throw new Error("no bridge is started");
    return app.adminUrl;
  },
  /** `commits`: 0 for a store that does not count them. */
  usage(_: null): Usage & { commits: number } {
    return { ...usage(), commits: store?.commits ?? 0 };
  },
  /** Looks for what needs a person. */
  async look(_: null): Promise<void> {
    await app?.look();
  },
  /** Starts to measure the longest turn of the event loop, from now on. */
  watch: (_: null) => startWatch(),
  /** The longest turn since. */
  longest: (_: null) => longestWait(),
};
export type BridgeCalls = typeof calls;
answer(calls);
