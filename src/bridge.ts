import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { Clock } from "./domain/clock.ts";
import { receiptId, rejectionId } from "./domain/identity.ts";
import { createAccept } from "./inbound/accept.ts";
import type { Budget } from "./inbound/budget.ts";
import { createIntake } from "./inbound/intake.ts";
import { createConceal } from "./inbound/private.ts";
import { createReceiver } from "./inbound/receive.ts";
import { createReject } from "./inbound/reject.ts";
import { createReread } from "./inbound/reread.ts";
import { observePruning, observeReceptions, observeTries } from "./observe.ts";
import type { CourierHealth } from "./outbound/courier.ts";
import type { Deliver } from "./outbound/deliver.ts";
import { createDispatcher, type Dispatcher } from "./outbound/dispatch.ts";
import { createPruner, type Pruner } from "./retention.ts";
import type { Store } from "./store/store.ts";
import { createAdmin } from "./web/admin.ts";
import { examine } from "./web/health.ts";
import type { Metrics } from "./web/metrics.ts";

/** What outlives a change of configuration. */
export interface BridgeParts {
  store: Store;
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
  /** Takes the configuration from its file again, all or nothing. */
  reload(): Promise<void>;
}

/** All that one configuration gives rise to between the listeners and the store. */
export interface Bridge {
  receive: RequestListener;
  administer: RequestListener;
  dispatcher: Dispatcher;
  pruner: Pruner;
}

/** The bridge by this configuration, ready to be listened for. Nothing is sent or pruned before dispatcher and pruner are started. */
export async function createBridge(config: Config, parts: BridgeParts): Promise<Bridge> {
  const { channels, destinations } = config;
  const { store, metrics, logger, clock, random, deliver, died } = parts;
  const { now } = clock;
  metrics.know(channels, destinations);
  for (const { source, name } of channels.filter(({ checks }) => checks.length === 0)) {
    logger.warn({ source, channel: name }, "anybody may post here: the configuration says `verify: none`");
  }

  const observe = observeTries({ logger, metrics, now, died });
  const kept = await store.destinations();
  const shared = store.listen !== undefined;
  const dispatcher = createDispatcher({ store, destinations, kept, deliver, clock, random, observe, shared });
  const { retention } = config;
  const pruner = createPruner({
    store,
    retention,
    clock,
    observe: observePruning({ logger, metrics, died }),
  });
  return {
    receive: createWayIn(config, parts, dispatcher),
    administer: createAdminListener(config, parts, { dispatcher, pruner }),
    dispatcher,
    pruner,
  };
}

/** Drawing a few random bytes costs as much as drawing a few thousand, so they are drawn ahead. */
const POOL = 8_192;
let pool: Uint8Array = new Uint8Array();

function drawBytes(length: number): Uint8Array {
  if (pool.length < length) pool = randomBytes(POOL);
  const bytes = pool.subarray(0, length);
  pool = pool.subarray(length);
  return bytes;
}

const newReceiptId = (at: number) => receiptId(at, drawBytes(10));
const newRejectionId = (at: number) => rejectionId(at, drawBytes(10));

function createWayIn(
  config: Config,
  { store, metrics, logger, clock, budget }: BridgeParts,
  dispatcher: Dispatcher,
): RequestListener {
  const { channels, destinations: subscribers, rejected, server } = config;
  const { now } = clock;
  const reject = createReject({ store, rejected, newRejectionId });
  const patience = { stall: server.stallTimeout, whole: server.requestTimeout };
  return createReceiver({
    channels,
    take: createIntake({ budget, reject, patience, clock }),
    accept: createAccept({ store, reject, subscribers, newReceiptId }),
    basePath: server.basePath,
    now,
    observe: observeReceptions({ logger, metrics, now, wake: (names) => dispatcher.wake(names) }),
  }).callback();
}

type Loops = Pick<Bridge, "dispatcher" | "pruner">;

function createAdminListener(config: Config, parts: BridgeParts, loops: Loops): RequestListener {
  const { dispatcher } = loops;
  const { channels, destinations: subscribers, admin } = config;
  const { store, metrics, logger, clock, reload } = parts;
  const recorded = ({ destinations }: { destinations: readonly string[] }) => dispatcher.wake(destinations);
  return createAdmin({
    store,
    reread: createReread({ store, channels, subscribers, newReceiptId, recorded }),
    destinations: subscribers.map(({ name }) => name),
    states: () => dispatcher.states(),
    conceal: createConceal(channels, config.privateNames),
    control: {
      pause: (name, reason) => dispatcher.pause(name, reason),
      resume: (name) => dispatcher.resume(name),
      wake: (name) => dispatcher.wake([name]),
      reload,
    },
    now: clock.now,
    health: () => examine(readiness(parts, loops), clock),
    metrics: () => metrics.scrape(),
    token: admin.token,
    failed: (error) => logger.error({ err: error }, "the admin API failed"),
  }).callback();
}

function readiness({ store, clock, isStopping }: BridgeParts, { dispatcher, pruner }: Loops) {
  return {
    running: async () => {
      if (isStopping()) throw new Error("stopping");
    },
    store: () => store.probe(),
    dispatcher: async () => {
      const complaints = dispatcher.health().flatMap((courier) => complaintsOf(courier, clock.now()));
      if (complaints.length > 0) throw new Error(complaints.join(", "));
    },
    retention: async () => {
      if (!pruner.isAlive()) throw new Error("pruning died");
    },
  };
}

/** A claim that takes longer than this is stuck; milliseconds. */
const STUCK = 30_000;

/** What is wrong with a courier, if anything is. */
function complaintsOf({ destination, alive, claiming, lastTickAt }: CourierHealth, now: number): string[] {
  if (!alive) return [`${destination} died`];
  if (claiming && now - lastTickAt > STUCK) return [`${destination} waits for the store`];
  return [];
}
