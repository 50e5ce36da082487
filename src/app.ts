import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { receiptId } from "./domain/identity.ts";
import { createAccept } from "./inbound/accept.ts";
import { createReceiver } from "./inbound/receive.ts";
import { observeReceptions, observeTries } from "./observe.ts";
import { createDeliver } from "./outbound/deliver.ts";
import { createDispatcher } from "./outbound/dispatch.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { createAdmin } from "./web/admin.ts";
import { examine } from "./web/health.ts";
import { listen } from "./web/listen.ts";
import { createMetrics } from "./web/metrics.ts";

/** What a test may put in place of the real thing. */
export interface Overrides {
  clock?: Clock;
  /** From 0 up to 1. */
  random?(): number;
  logger?: Logger;
  store?: Store;
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

/**
 * The composition root: the only place that names an adapter, reads the clock or draws a random number.
 *
 * @throws CountersignError `cannot_start` when the store or a listener's address cannot be had.
 */
export async function createApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const { channels, destinations } = config;
  const { clock = SYSTEM_CLOCK, random = Math.random } = overrides;
  const logger = overrides.logger ?? pino({ level: config.log.level });
  const store =
    overrides.store ??
    openSqliteStore({ file: config.store.file, token: () => randomBytes(12).toString("hex") });

  const parked = await store.parkRemoved(
    destinations.map(({ name }) => name),
    clock.now(),
  );
  if (parked > 0)
    logger.warn({ parked }, "deliveries to destinations that are no longer configured are parked");
  for (const { source, name } of channels.filter(({ checks }) => checks.length === 0)) {
    logger.warn({ source, channel: name }, "anybody may post here: the configuration says `verify: none`");
  }

  const { now } = clock;
  const metrics = createMetrics({
    version: VERSION,
    channels,
    destinations,
    backlog: () => store.backlog(),
    now,
  });
  const death = Promise.withResolvers<"died">();
  const dispatcher = createDispatcher({
    store,
    destinations,
    deliver: createDeliver({ clock, version: VERSION }),
    clock,
    random,
    observe: observeTries({ logger, metrics, now, died: () => death.resolve("died") }),
  });
  const receiver = createReceiver({
    channels,
    accept: createAccept({
      store,
      subscribers: destinations,
      newReceiptId: (at) => receiptId(at, randomBytes(10)),
    }),
    maxBody: config.server.maxBody,
    now,
    observe: observeReceptions({ logger, metrics, now, wake: (names) => dispatcher.wake(names) }),
  });

  let stopping = false;
  const admin = createAdmin({
    store,
    destinations: destinations.map(({ name }) => name),
    control: {
      pause: (name, reason) => dispatcher.pause(name, reason),
      resume: (name) => dispatcher.resume(name),
      wake: (name) => dispatcher.wake([name]),
    },
    now,
    health: () =>
      examine({
        running: async () => {
          if (stopping) throw new Error("stopping");
        },
        store: () => store.probe(),
        dispatcher: async () => {
          const dead = dispatcher.health().filter(({ alive }) => !alive);
          if (dead.length > 0)
            throw new Error(`${dead.map(({ destination }) => destination).join(", ")} died`);
        },
      }),
    metrics: () => metrics.scrape(),
    token: config.admin.token,
    failed: (error) => logger.error({ err: error }, "the admin API failed"),
  });

  const open = await openListeners();

  async function openListeners() {
    try {
      const adminListener = await listen(admin.callback(), { ...config.admin, key: "admin" });
      try {
        return {
          admin: adminListener,
          receiver: await listen(receiver.callback(), { ...config.server, key: "server" }),
        };
      } catch (error) {
        await adminListener.close(0);
        throw error;
      }
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  dispatcher.start();
  logger.info({ version: VERSION, url: open.receiver.url, admin: open.admin.url }, "ready");

  return {
    url: open.receiver.url,
    adminUrl: open.admin.url,
    store,
    logger,
    died: death.promise,
    async stop() {
      stopping = true;
      logger.info("stopping");
      await open.receiver.close(config.shutdown);
      await dispatcher.stop({ graceMs: config.shutdown });
      await open.admin.close(0);
      await store.close();
      logger.info("stopped");
    },
  };
}
