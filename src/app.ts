import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import { type Bridge, type BridgeParts, createBridge } from "./bridge.ts";
import type { Config, LoadedConfig } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { CountersignError, messageOf } from "./domain/errors.ts";
import { createBudget } from "./inbound/budget.ts";
import { openLog } from "./log.ts";
import { createDeliver } from "./outbound/deliver.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";
import { timed } from "./store/timed.ts";
import { type Listener, listen } from "./web/listen.ts";
import { createMetrics } from "./web/metrics.ts";
import { formatProblem } from "./yaml.ts";

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
  /**
   * Takes sources, destinations and mappings from the configuration's file again: all or nothing.
   *
   * @throws CountersignError `bad_request` that says what is wrong with it; the configuration before stays in force.
   */
  reload(): Promise<void>;
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

/** What a stop may take beyond its grace, for giving loans back and closing the store; milliseconds. */
const STOP_MARGIN = 5_000;

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
    backlog: () => store.backlog(),
    states: () => bridge.dispatcher.states(),
    now: clock.now,
  });
  const store = timed(opened, () => performance.now(), metrics.stored);
  const death = Promise.withResolvers<"died">();
  let stopping = false;
  let reloading: Promise<void> = Promise.resolve();

  const parts: BridgeParts = {
    store,
    metrics,
    logger,
    clock,
    random,
    deliver: createDeliver({ clock, version: VERSION }),
    budget: createBudget({ maxBytes: config.server.maxBytesInFlight, now: clock.now }),
    isStopping: () => stopping,
    died: () => death.resolve("died"),
    reload,
  };
  await parkRemoved(config, parts);
  let bridge = await createBridge(config, parts);
  const crowded = () => metrics.received("unknown", "unknown", "overloaded", 0);
  const open = await openListeners(config, { bridge: () => bridge, crowded }).catch(async (error) => {
    await store.close();
    throw error;
  });
  listenToNodes();
  bridge.dispatcher.start();
  bridge.pruner.start();
  logger.info({ version: VERSION, url: open.receiver.url, admin: open.admin.url }, "ready");

  /** The bridge of the moment is told how things are, and then what changes. */
  function listenToNodes(): void {
    const { dispatcher } = bridge;
    opened.listen?.({ recorded: dispatcher.wake, kept: dispatcher.adopt, nodes: dispatcher.share });
  }

  /** One at a time; the caller's own is the newest. */
  function reload(): Promise<void> {
    reloading = reloading.catch(() => {}).then(replaceBridge);
    return reloading;
  }

  async function replaceBridge(): Promise<void> {
    const next = await loadAgain(config, overrides.load);
    parts.budget.resize(next.server.maxBytesInFlight);
    const before = bridge;
    bridge = await createBridge(next, parts);
    listenToNodes();
    bridge.dispatcher.start();
    await Promise.all([before.dispatcher.stop({ graceMs: next.shutdown }), before.pruner.stop()]);
    bridge.pruner.start();
    await parkRemoved(next, parts);
    logger.info({ channels: next.channels.length, destinations: next.destinations.length }, "reloaded");
  }

  async function finish(): Promise<void> {
    const graceMs = config.shutdown;
    const { dispatcher, pruner } = bridge;
    await Promise.all([open.receiver.close(graceMs), dispatcher.stop({ graceMs }), pruner.stop()]);
    await open.admin.close(0);
    await store.close();
  }

  return {
    url: open.receiver.url,
    adminUrl: open.admin.url,
    store,
    logger,
    died: death.promise,
    async reload() {
      await reload().catch((error) => {
        logger.error({ reason: messageOf(error) }, "not reloaded; the configuration before stays in force");
        throw error;
      });
    },
    async stop() {
      stopping = true;
      logger.info("stopping");
      const inTime = await within(clock, config.shutdown + STOP_MARGIN, finish());
      if (inTime) return logger.info("stopped");
      logger.error("the store does not answer, so the stop is cut short; loans run out by themselves");
      await open.admin.close(0);
    },
  };
}

async function parkRemoved({ destinations }: Config, { store, clock, logger }: BridgeParts): Promise<void> {
  const names = destinations.map(({ name }) => name);
  const parked = await store.parkRemoved(names, clock.now());
  if (parked > 0)
    logger.warn({ parked }, "deliveries to destinations that are no longer configured are parked");
}

/** Milliseconds. */
const REQUEST_MARGIN = 60_000;

interface Listeners {
  receiver: Listener;
  admin: Listener;
}

interface ListenersParts {
  bridge(): Bridge;
  /** Called when a connection is one too many. */
  crowded(): void;
}

/** Both or none. Each request is answered by the bridge of the moment. */
async function openListeners({ server, admin }: Config, parts: ListenersParts): Promise<Listeners> {
  const { bridge, crowded } = parts;
  const { idleTimeout, maxConnections, requestTimeout } = server;
  const adminListener = await listen((...request) => bridge().administer(...request), {
    ...admin,
    key: "admin",
    idleTimeout,
  });
  try {
    const receiver = await listen((...request) => bridge().receive(...request), {
      ...server,
      key: "server",
      idleTimeout,
      // The way in ends what is too slow by itself, and says so; this is for what it passes over unread.
      requestTimeout: requestTimeout + REQUEST_MARGIN,
      door: { maxConnections, crowded },
    });
    return { receiver, admin: adminListener };
  } catch (error) {
    await adminListener.close(0);
    throw error;
  }
}

/** What cannot change while the bridge runs. */
const FIXED = ["server", "admin", "store", "log"] as const;

/** The budget follows the longest body that may come, which a channel or a mapping can change. */
function fixedPart(config: Config, key: (typeof FIXED)[number]): string {
  return JSON.stringify(key === "server" ? { ...config.server, maxBytesInFlight: null } : config[key]);
}

/** @throws CountersignError `bad_request` when there is something wrong with it, or it asks for what only a restart can do. */
async function loadAgain(running: Config, load: Overrides["load"]): Promise<Config> {
  if (!load) throw new CountersignError("bad_request", "this bridge was not started from a file");
  const { config, problems } = await load();
  if (!config) throw new CountersignError("bad_request", problems.map(formatProblem).join("\n"));
  const changed = FIXED.filter((key) => fixedPart(config, key) !== fixedPart(running, key));
  if (changed.length === 0) return config;
  throw new CountersignError("bad_request", `\`${changed.join("` and `")}\` changed: that needs a restart`);
}

/** Whether `work` was done in so many milliseconds. It is not ended otherwise, only no longer waited for. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    cancel();
  }
}
