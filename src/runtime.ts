import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { messageOf } from "./domain/errors.ts";
import { receiptId, rejectionId } from "./domain/identity.ts";
import { type Accept, createAccept } from "./inbound/accept.ts";
import type { Budget } from "./inbound/budget.ts";
import { createIntake, type Intake } from "./inbound/intake.ts";
import { createConceal } from "./inbound/private.ts";
import { createReceiver } from "./inbound/receive.ts";
import { createReject } from "./inbound/reject.ts";
import type { Rejections } from "./inbound/rejections.ts";
import { createReprocess } from "./inbound/reprocess.ts";
import { createTarpit } from "./inbound/tarpit.ts";
import { observeAttempts, observeIngress, observePruning } from "./observe.ts";
import type { Deliver } from "./outbound/deliver.ts";
import { createDispatcher, type Dispatcher } from "./outbound/dispatch.ts";
import { withHandover } from "./outbound/handover.ts";
import type { WorkerHealth } from "./outbound/worker.ts";
import { createPruner, type Pruner } from "./retention.ts";
import type { Store } from "./store/store.ts";
import { createAdmin } from "./web/admin.ts";
import { examine } from "./web/health.ts";
import type { Metrics } from "./web/metrics.ts";

/** What outlives a change of configuration. */
export interface RuntimeParts {
  store: Store;
  /** Where refused requests wait to be kept. */
  rejections: Rejections;
  metrics: Metrics;
  logger: Logger;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  deliver: Deliver;
  /** How much may come in at a time. */
  budget: Budget;
  /** Whether the bridge is on its way down. */
  isStopping(): boolean;
  /** Something that the bridge cannot live without has died. */
  died(): void;
  /** The bridge of the moment: a reload puts another in its place. */
  current(): Runtime;
}

/** All that one configuration gives rise to between the listeners and the store. */
export interface Runtime {
  config: Config;
  take: Intake;
  accept: Accept;
  /** Shows nothing of kept requests that gives access. */
  conceal: ReturnType<typeof createConceal>;
  dispatcher: Dispatcher;
  pruner: Pruner;
}

/**
 * The bridge by this configuration, ready to take the place of the one `before`. Nothing is sent or pruned before dispatcher and pruner
 * are started.
 */
export async function createRuntime(
  config: Config,
  parts: RuntimeParts,
  before: Runtime | null = null,
): Promise<Runtime> {
  const { channels, destinations, rejected, retention, server } = config;
  const { metrics, logger, clock, random, deliver, died, current, budget, rejections } = parts;
  const { now } = clock;
  metrics.know(channels, destinations);
  for (const { source, name } of channels.filter(({ checks }) => checks.length === 0)) {
    logger.warn({ source, channel: name }, "anybody may post here: the configuration says `verify: none`");
  }

  const observe = observeAttempts({ logger, metrics, now, died });
  const kept = await parts.store.destinations();
  const shared = parts.store.subscribe !== undefined;
  const store = withHandover(parts.store, () => (current() === bridge ? null : current().dispatcher));
  const subscribers = () => current().config.destinations;
  const reject = createReject({ store: { reject: rejections.add }, rejected, newRejectionId });
  const timeouts = { stall: server.stallTimeout, whole: server.requestTimeout };
  const bridge: Runtime = {
    config,
    take: createIntake({ budget, reject, timeouts, clock }),
    accept: createAccept({ store, reject, subscribers, newReceiptId }),
    conceal: createConceal(channels, config.privateNames),
    dispatcher: createDispatcher({
      ...{ store, destinations, kept, deliver, clock, random, observe, shared },
      seenAt: (name) => seenBy(before, name),
    }),
    pruner: createPruner({ store, retention, clock, observe: observePruning({ logger, metrics, died }) }),
  };
  return bridge;
}

/** A worker that takes the place of another need not fear for the clock: null where there was none before. */
function seenBy(before: Runtime | null, destination: string): number | null {
  const worker = before?.dispatcher.health().find((one) => one.destination === destination);
  return worker?.lastTickAt ?? null;
}

/** Drawing a few random bytes costs as much as drawing a few thousand, so they are drawn ahead. */
const POOL_BYTES = 8_192;
let pool: Uint8Array = new Uint8Array();

function drawBytes(length: number): Uint8Array {
  if (pool.length < length) pool = randomBytes(POOL_BYTES);
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
}

const newReceiptId = (at: number) => receiptId(at, drawBytes(10));
const newRejectionId = (at: number) => rejectionId(at, drawBytes(10));

/** What answers requests, by the bridge of the moment at each step: a reload may come while a request is under way. */
export interface RequestListeners {
  receive: RequestListener;
  administer: RequestListener;
}

interface ListenerParts extends RuntimeParts {
  /** Takes the configuration from its file again, all or nothing. */
  reload(): Promise<void>;
}

/** What a reload cannot change is taken from `config`. */
export function createListeners(config: Config, parts: ListenerParts): RequestListeners {
  return {
    receive: createWayIn(config.server.basePath, parts),
    administer: createAdminListener(config.admin, parts),
  };
}

/** Far more than providers cause whose secret is wrong, and little work. */
const REFUSALS_PER_SECOND = 500;
const MAX_DELAY_MS = 5_000;

function createWayIn(basePath: string, { metrics, logger, clock, current }: ListenerParts): RequestListener {
  const { now } = clock;
  return createReceiver({
    current: () => ({
      channels: current().config.channels,
      take: current().take,
      accept: current().accept,
    }),
    basePath,
    tarpit: createTarpit({ clock, perSecond: REFUSALS_PER_SECOND, longest: MAX_DELAY_MS }),
    now,
    observe: observeIngress({ logger, metrics, now, wake: (names) => current().dispatcher.wake(names) }),
  }).callback();
}

function createAdminListener(config: Config["admin"], parts: ListenerParts): RequestListener {
  const { metrics, logger, clock, reload, current } = parts;
  const store = upToDate(parts);
  const dispatcher = () => current().dispatcher;
  return createAdmin({
    store,
    reprocess: createReprocess({
      store,
      channels: () => current().config.channels,
      subscribers: () => current().config.destinations,
      newReceiptId,
      recorded: ({ destinations }) => dispatcher().wake(destinations),
    }),
    destinations: () => current().config.destinations.map(({ name }) => name),
    states: () => dispatcher().states(),
    conceal: (kept) => current().conceal(kept),
    control: {
      pause: (name, reason) => dispatcher().pause(name, reason),
      resume: (name) => dispatcher().resume(name),
      wake: (name) => dispatcher().wake([name]),
      skipped({ id, event, destination }) {
        metrics.parked(destination, "skipped");
        logger.warn({ delivery: id, event, destination }, "skipped by a person; it is parked");
        dispatcher().wake([destination]);
      },
      reload,
    },
    now: clock.now,
    health: () => examine(readiness(parts), clock),
    metrics: () => metrics.scrape(),
    token: config.token,
    hosts: config.hosts ?? (config.token === null ? [config.host] : null),
    failed: (error) => logger.error({ err: error }, "the admin API failed"),
  }).callback();
}

/** Who looks at refused requests sees all that were answered before. */
function upToDate({ store, rejections }: RuntimeParts): Store {
  return {
    ...store,
    async findRejections(filter, page) {
      await rejections.written();
      return store.findRejections(filter, page);
    },
    async listRejections(filter, page) {
      await rejections.written();
      return store.listRejections(filter, page);
    },
  };
}

function readiness({ store, clock, logger, isStopping, current }: RuntimeParts) {
  const { dispatcher, pruner } = current();
  let wasAway = false;
  return {
    running: async () => {
      if (isStopping()) throw new Error("stopping");
    },
    async store() {
      try {
        await store.probe();
        wasAway = false;
      } catch (error) {
        if (!wasAway)
          logger.error({ event: "store.unavailable", reason: messageOf(error) }, "the store is not ready");
        wasAway = true;
        throw new Error("unavailable");
      }
    },
    dispatcher: async () => {
      const complaints = dispatcher.health().flatMap((worker) => complaintsOf(worker, clock.now()));
      if (complaints.length > 0) throw new Error(complaints.join(", "));
    },
    retention: async () => {
      if (!pruner.isAlive()) throw new Error("pruning died");
    },
  };
}

/** A claim that takes longer than this is stuck; milliseconds. */
const STUCK_MS = 30_000;

/** What is wrong with a worker, if anything is. */
function complaintsOf({ destination, alive, claiming, lastTickAt }: WorkerHealth, now: number): string[] {
  if (!alive) return [`${destination} died`];
  if (claiming && now - lastTickAt > STUCK_MS) return [`${destination} waits for the store`];
  return [];
}
