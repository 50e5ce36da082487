import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import type { Config, LoadedConfig } from "./config.ts";
import { type Clock, within } from "./domain/clock.ts";
import { createBudget } from "./inbound/budget.ts";
import { createRejections } from "./inbound/rejections.ts";
import { openLog } from "./log.ts";
import { observeRejections } from "./observe.ts";
import { createDeliver } from "./outbound/deliver.ts";
import { createReloader, type Reloader } from "./reloader.ts";
import { createListeners, type RequestListeners } from "./runtime.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";
import { timed } from "./store/timed.ts";
import { watched } from "./store/watched.ts";
import { type Listener, listen } from "./web/listen.ts";
import { createMetrics } from "./web/metrics.ts";

/** What a test may put in place of the real thing. */
export interface Overrides {
  clock?: Clock;
  /** From 0 up to 1. */
  random?(): number;
  logger?: Logger;
  store?: Store;
  /** Where a reload takes the configuration from; absent: it cannot be reloaded. */
  load?(): Promise<LoadedConfig>;
}

/** A running bridge. */
export interface App {
  /** Where providers post to. */
  url: string;
  /** Where the admin API listens. */
  adminUrl: string;
  store: Store;
  logger: Logger;
  /** Resolves when something that the bridge cannot live without has died; the process should end, to be started again. */
  died: Promise<"died">;
  /** See Runtime: takes sources, destinations and mappings from the configuration's file again, all or nothing. */
  reload: Reloader["reload"];
  /** Not ready, accept nothing more, finish or give back what is in flight, close. */
  stop(): Promise<void>;
}

/** The version that answers, metrics and `--version` show. */
export const VERSION: string = createRequire(import.meta.url)("../package.json").version;

const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** What a stop may take beyond its grace, for giving leases back and closing the store; milliseconds. */
const STOP_MARGIN_MS = 5_000;

/**
 * The composition root, with bridge.ts: the only place that names an adapter, reads the clock or draws a random number.
 *
 * @throws CountersignError `cannot_start` when the store or a listener's address cannot be had.
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const { clock = SYSTEM_CLOCK, random = Math.random } = overrides;
  const logger = overrides.logger ?? pino({ level: config.log.level }, openLog());
  const opened = overrides.store ?? (await openStore(config.store, (message) => logger.warn(message)));
  const metrics = createMetrics({
    version: VERSION,
    clock,
    backlog: () => store.backlog(),
    problems: () => store.countProblems(),
    states: () => runtime.current().dispatcher.states(),
  });
  const { store, settled } = watched(timed(opened, () => performance.now(), metrics.stored));
  const rejections = createRejections({
    store,
    clock,
    observe: observeRejections({ logger, metrics, now: clock.now }),
  });
  const death = Promise.withResolvers<"died">();
  let stopping = false;

  const parts = {
    store,
    rejections,
    metrics,
    logger,
    clock,
    random,
    deliver: createDeliver({ clock, version: VERSION }),
    budget: createBudget({ maxBytes: config.server.maxBytesInFlight, now: clock.now }),
    isStopping: () => stopping,
    died: () => death.resolve("died"),
  };
  const runtime = await createReloader(config, { ...parts, settled, load: overrides.load });
  const listeners = createListeners(config, {
    ...parts,
    current: runtime.current,
    reload: runtime.reload,
  });
  const crowded = () => metrics.received("unknown", "unknown", "overloaded", 0);
  const open = await openListeners(config, { ...listeners, crowded }).catch(async (error) => {
    await store.close();
    throw error;
  });
  runtime.start();
  logger.info({ version: VERSION, url: open.receiver.url, admin: open.admin.url }, "ready");

  async function finish(): Promise<void> {
    const graceMs = config.shutdown;
    await Promise.all([open.receiver.close(graceMs), runtime.stop({ graceMs })]);
    await Promise.all([open.admin.close(0), rejections.drain(STOP_MARGIN_MS / 2)]);
    await store.close();
  }

  return {
    url: open.receiver.url,
    adminUrl: open.admin.url,
    store,
    logger,
    died: death.promise,
    reload: runtime.reload,
    async stop() {
      stopping = true;
      logger.info("stopping");
      const inTime = await within(clock, config.shutdown + STOP_MARGIN_MS, finish());
      if (inTime) return logger.info("stopped");
      logger.error("the store does not answer, so the stop is cut short; leases run out by themselves");
      await open.admin.close(0);
    },
  };
}

/** Milliseconds. */
const REQUEST_MARGIN_MS = 60_000;

interface Listeners {
  receiver: Listener;
  admin: Listener;
}

interface ListenersParts extends RequestListeners {
  /** Called when a connection is one too many. */
  crowded(): void;
}

/** Both or none. */
async function openListeners(
  { server, admin }: Config,
  { receive, administer, crowded }: ListenersParts,
): Promise<Listeners> {
  const { idleTimeout, maxConnections, requestTimeout } = server;
  const adminListener = await listen(administer, { ...admin, key: "admin", idleTimeout });
  try {
    const receiver = await listen(receive, {
      ...server,
      key: "server",
      idleTimeout,
      // The way in ends what is too slow by itself, and says so; this is for what it passes over unread.
      requestTimeout: requestTimeout + REQUEST_MARGIN_MS,
      door: { maxConnections, crowded },
    });
    return { receiver, admin: adminListener };
  } catch (error) {
    await adminListener.close(0);
    throw error;
  }
}
