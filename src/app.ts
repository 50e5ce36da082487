import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { type Logger, pino } from "pino";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { receiptId, rejectionId } from "./domain/identity.ts";
import { createAccept } from "./inbound/accept.ts";
import { createReceiver } from "./inbound/receive.ts";
import { createReread } from "./inbound/reread.ts";
import { observeReceptions, observeTries } from "./observe.ts";
import type { CourierHealth } from "./outbound/courier.ts";
import { createDeliver } from "./outbound/deliver.ts";
import { createDispatcher } from "./outbound/dispatch.ts";
import { openSqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { timed } from "./store/timed.ts";
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
  const names = destinations.map(({ name }) => name);
  const opened =
    overrides.store ??
    openSqliteStore({ file: config.store.file, token: () => randomBytes(12).toString("hex") });
  const { now } = clock;
  const metrics = createMetrics({
    version: VERSION,
    channels,
    destinations,
    backlog: () => store.backlog(),
    states: () => dispatcher.states(),
    now,
  });
  const store = timed(opened, () => performance.now(), metrics.stored);

  const parked = await store.parkRemoved(names, now());
  if (parked > 0)
    logger.warn({ parked }, "deliveries to destinations that are no longer configured are parked");
  for (const { source, name } of channels.filter(({ checks }) => checks.length === 0)) {
    logger.warn({ source, channel: name }, "anybody may post here: the configuration says `verify: none`");
  }

  const death = Promise.withResolvers<"died">();
  const dispatcher = createDispatcher({
    store,
    destinations,
    kept: await store.destinations(),
    deliver: createDeliver({ clock, version: VERSION }),
    clock,
    random,
    observe: observeTries({ logger, metrics, now, died: () => death.resolve("died") }),
  });
  const newReceiptId = (at: number) => receiptId(at, randomBytes(10));
  const receiver = createReceiver({
    channels,
    accept: createAccept({
      store,
      subscribers: destinations,
      rejected: config.rejected,
      newReceiptId,
      newRejectionId: (at) => rejectionId(at, randomBytes(10)),
    }),
    maxBody: config.server.maxBody,
    now,
    observe: observeReceptions({ logger, metrics, now, wake: (names) => dispatcher.wake(names) }),
  });

  let stopping = false;
  const admin = createAdmin({
    store,
    reread: createReread({
      store,
      channels,
      subscribers: destinations,
      newReceiptId,
      recorded: ({ destinations: woken }) => dispatcher.wake(woken),
    }),
    destinations: names,
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
          const complaints = dispatcher.health().flatMap((courier) => complaintsOf(courier, now()));
          if (complaints.length > 0) throw new Error(complaints.join(", "));
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
      const inTime = await within(clock, config.shutdown + STOP_MARGIN, finish());
      if (inTime) logger.info("stopped");
      else logger.error("the store does not answer, so the stop is cut short; loans run out by themselves");
    },
  };

  async function finish(): Promise<void> {
    const graceMs = config.shutdown;
    await Promise.all([open.receiver.close(graceMs), dispatcher.stop({ graceMs })]);
    await open.admin.close(0);
    await store.close();
  }
}

/** A claim that takes longer than this is stuck; milliseconds. */
const STUCK = 30_000;
/** What a stop may take beyond its grace, for giving loans back and closing the store; milliseconds. */
const STOP_MARGIN = 5_000;

/** What is wrong with a courier, if anything is. */
function complaintsOf({ destination, alive, claiming, lastTickAt }: CourierHealth, now: number): string[] {
  if (!alive) return [`${destination} died`];
  if (claiming && now - lastTickAt > STUCK) return [`${destination} waits for the store`];
  return [];
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
