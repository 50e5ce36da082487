import * as crypto from "node:crypto";
import { type Logger, pino } from "pino";
import type { Config, LoadedConfig } from "./config.ts";
import { type Clock, within } from "./domain/clock.ts";
import type { Environment } from "./environment.ts";
import { createBudget } from "./inbound/budget.ts";
import { createRejections } from "./inbound/rejections.ts";
import { NO_REQUEST_TRACER } from "./inbound/trace.ts";
import { createLog } from "./log/log.ts";
import { openLogOutput } from "./log/output.ts";
import { createObservers, type Observers } from "./observe/observers.ts";
import { createDeliver } from "./outbound/deliver.ts";
import { NO_ATTEMPT_TRACER } from "./outbound/trace.ts";
import { createRandomPool } from "./random-pool.ts";
import { createReloader, type Reloader } from "./reloader.ts";
import { createRequestHandlers, type RequestHandlers } from "./runtime.ts";
import { filesOf, openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";
import { timed } from "./store/timed.ts";
import { watched } from "./store/watched.ts";
import type { SpanSettings } from "./trace/event.ts";
import { openTracing } from "./trace/open.ts";
import { VERSION } from "./version.ts";
import { createWatching } from "./watching.ts";
import { type Listener, listen } from "./web/listen.ts";
import { createMetrics } from "./web/metrics.ts";

/** Replacements of real parts, for tests. */
export interface Overrides {
  clock?: Clock;
  /** From 0 up to 1. */
  random?(): number;
  randomBytes?(length: number): Uint8Array;
  logger?: Logger;
  observers?: Observers;
  store?: Store;
  /** Where variables of OpenTelemetry are read; absent: nothing is traced. */
  environment?: Environment;
  /** False: nothing is looked at but by `look`. */
  watching?: boolean;
  /** Reads the configuration for a reload; absent: a reload is refused. */
  load?(): Promise<LoadedConfig>;
}

/** A running bridge. */
export interface App {
  /** Address of the listener for providers. */
  url: string;
  /** Address of the admin listener. */
  adminUrl: string;
  /**
   * Resolves when a loop that the bridge depends on has died: the process should end, to be started again.
   */
  died: Promise<"died">;
  /**
   * See Reloader: takes sources, destinations and mappings from the configuration's file again, all or
   * nothing.
   */
  reload: Reloader["reload"];
  /** Looks now for what needs a person, and tells what changed, as it does every minute. */
  look(): Promise<void>;
  /**
   * Is no longer ready, goes on accepting for `drain`, then accepts nothing more, finishes or releases
   * deliveries in flight, and closes. A bridge that has died does not go on.
   */
  stop(): Promise<void>;
}

const SYSTEM_CLOCK: Clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Time beyond its grace that a stop has for releasing leases and closing the store; milliseconds. */
const STOP_MARGIN_MS = 5_000;

/** Of that, for the spans that are not exported yet; milliseconds. */
const TRACES_MARGIN_MS = 2_000;

/**
 * The composition root. Clock and randomness of every rule come from here. Apart from it only store/open.ts
 * names adapters, and draws their lease tokens; connections have timers of their own.
 *
 * @throws CountersignError `cannot_start` when the store cannot be opened or an address cannot be listened
 * on.
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const { clock = SYSTEM_CLOCK, random = Math.random } = overrides;
  const { randomBytes = createRandomPool(crypto.randomBytes) } = overrides;
  const logger = overrides.logger ?? pino({ level: config.log.level }, openLogOutput());
  const metrics = createMetrics({
    version: VERSION,
    clock,
    backlog: () => store.backlog(),
    problems: () => store.countProblems(),
    states: () => reloader.current().dispatcher.states(),
    concerns: () => watching.unacknowledged(),
    proofs: () => store.newestProofs(),
  });
  const { observers = createObservers({ log: createLog(logger), metrics, now: clock.now }) } = overrides;
  const rawStore =
    overrides.store ?? (await openStore(config.store, observers.process.storeWarned, { owned: true }));
  const { store, settled } = watched(timed(rawStore, () => performance.now(), metrics.stored));
  const tracing = await openTracing(overrides.environment ?? {}, {
    version: VERSION,
    settings: () => toSpanSettings(reloader.current().config),
    lastAttempt: async (delivery) => (await store.findDelivery(delivery))?.lastAttempt ?? null,
    ...observers.tracing,
  });
  const rejections = createRejections({ store, clock, observe: observers.rejections });
  const death = Promise.withResolvers<"died">();
  let stopping = false;

  const watching = createWatching({
    ...{ store, clock, randomBytes, rejections, observe: observers.watch },
    files: filesOf(config.store),
    current: () => reloader.current(),
  });
  const parts = {
    matched: watching.secrets.matched,
    breakerChanged: watching.breakers.changed,
    ...{ store, rejections, observers, metrics, clock, random, randomBytes },
    deliver: createDeliver({ clock, version: VERSION }),
    budget: createBudget({ maxBytes: config.server.maxBytesInFlight, now: clock.now }),
    tracers: {
      requests: tracing?.requests ?? NO_REQUEST_TRACER,
      attempts: tracing?.attempts ?? NO_ATTEMPT_TRACER,
    },
    isStopping: () => stopping,
    onDeath: () => death.resolve("died"),
  };
  const reloader = await createReloader(config, { ...parts, settled, load: overrides.load });
  const { current } = reloader;
  const reload = async () => {
    await reloader.reload();
    watching.secrets.forget();
  };
  const createConsole = config.admin.console ? (await import("./console/console.ts")).createConsole : null;
  const handlers = createRequestHandlers(config, {
    ...{ ...parts, current, reload, watching, createConsole, version: VERSION },
    ...{ reloads: reloader.reloads, load: overrides.load ?? null },
  });
  const listeners = await openListeners(config, handlers, observers.crowded).catch(async (error) => {
    await store.close();
    throw error;
  });
  reloader.start();
  if (overrides.watching !== false) watching.watcher.start();
  const [url, adminUrl] = [listeners.receiver.url, listeners.admin.url];
  observers.process.ready({ version: VERSION, url, adminUrl });

  /** Leaves balancers the time to notice that this bridge is not ready. */
  async function drain(): Promise<void> {
    const ms = current().config.drain;
    if (ms === 0) return;
    listeners.receiver.endConnections();
    await within(clock, ms, death.promise);
  }

  async function finish(graceMs: number): Promise<void> {
    await Promise.all([
      listeners.receiver.close(graceMs),
      reloader.stop({ graceMs }),
      watching.watcher.stop(),
    ]);
    await Promise.all([listeners.admin.close(0), rejections.drain(STOP_MARGIN_MS / 2)]);
    await store.close();
    if (tracing) await within(clock, TRACES_MARGIN_MS, tracing.close());
  }

  return {
    url,
    adminUrl,
    died: death.promise,
    reload,
    look: watching.look,
    async stop() {
      stopping = true;
      observers.process.stopping();
      await drain();
      const graceMs = current().config.shutdown;
      const inTime = await within(clock, graceMs + STOP_MARGIN_MS, finish(graceMs));
      if (inTime) return observers.process.stopped();
      observers.process.stopTimedOut();
      await listeners.admin.close(0);
    },
  };
}

function toSpanSettings({ telemetry, typePrefix }: Config): SpanSettings {
  return { ...telemetry, typePrefix };
}

/** Milliseconds. */
const REQUEST_MARGIN_MS = 60_000;

interface Listeners {
  receiver: Listener;
  admin: Listener;
}

/**
 * Opens both listeners or none. `crowded` is called for each request of a connection that is one too many.
 */
async function openListeners(
  { server, admin }: Config,
  { receive, administer }: RequestHandlers,
  crowded: () => void,
): Promise<Listeners> {
  const { idleTimeout, maxConnections, requestTimeout } = server;
  const adminListener = await listen(administer, { ...admin, key: "admin", idleTimeout });
  try {
    const receiver = await listen(receive, {
      ...server,
      key: "server",
      idleTimeout,
      // The intake ends slow requests with an answer; this ends those that it leaves unread.
      requestTimeout: requestTimeout + REQUEST_MARGIN_MS,
      door: { maxConnections, crowded },
    });
    return { receiver, admin: adminListener };
  } catch (error) {
    await adminListener.close(0);
    throw error;
  }
}
