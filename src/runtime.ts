import type { RequestListener } from "node:http";
import type Koa from "koa";
import { unrecordedTest } from "./alert/test-alert.ts";
import type { Watcher } from "./alert/watcher.ts";
import type { Config } from "./config.ts";
import type { ConsoleParts } from "./console/parts.ts";
import type { Breaker } from "./domain/breaker.ts";
import type { Clock } from "./domain/clock.ts";
import type { Conversation } from "./domain/conversation.ts";
import { asksFor, wants } from "./domain/destination.ts";
import { CountersignError } from "./domain/errors.ts";
import type { Event } from "./domain/event.ts";
import { exceptionId, receiptId, rejectionId } from "./domain/identity.ts";
import { type Accept, createAccept } from "./inbound/accept.ts";
import type { Budget } from "./inbound/budget.ts";
import { type Channel, channelAt } from "./inbound/channel.ts";
import { createIntake, type Intake } from "./inbound/intake.ts";
import { createConceal } from "./inbound/private.ts";
import { createReceiver } from "./inbound/receive.ts";
import { createReject } from "./inbound/reject.ts";
import type { Rejections } from "./inbound/rejections.ts";
import { createRelease, type Release } from "./inbound/release.ts";
import { createReprocess, createReprocessOne, type ReprocessParts } from "./inbound/reprocess.ts";
import { createTarpit } from "./inbound/tarpit.ts";
import type { RequestTracer } from "./inbound/trace.ts";
import type { Observers } from "./observe/observers.ts";
import type { Deliver } from "./outbound/deliver.ts";
import { createDispatcher, type Dispatcher } from "./outbound/dispatch.ts";
import { withHandover } from "./outbound/handover.ts";
import type { AttemptTracer } from "./outbound/trace.ts";
import { tryDestination } from "./outbound/try-destination.ts";
import { createPruner, type Pruner } from "./retention.ts";
import type { BreakerWatch } from "./status/breaker-watch.ts";
import type { SecretAges } from "./status/secret-ages.ts";
import type { Status } from "./status/status.ts";
import type { Store } from "./store/store.ts";
import { createAdmin } from "./web/admin.ts";
import { createReadiness } from "./web/health.ts";
import type { Metrics } from "./web/metrics.ts";
import { createOperations } from "./web/operations.ts";

/** Parts that outlive a change of configuration. */
export interface RuntimeParts {
  store: Store;
  /** Queue of refused requests that are still to be stored. */
  rejections: Rejections;
  observers: Observers;
  clock: Clock;
  /** From 0 up to 1. */
  random(): number;
  randomBytes(length: number): Uint8Array;
  deliver: Deliver;
  /** Follow requests and attempts, and do nothing else. */
  tracers: { requests: RequestTracer; attempts: AttemptTracer };
  /** Limits the bytes that come in at a time. */
  budget: Budget;
  /** A genuine request came, over a channel whose secret is being changed. */
  matched(channel: Channel, byOlderSecret: boolean): void;
  /** An attempt changed a destination's circuit breaker. */
  breakerChanged(destination: string, before: Breaker, after: Breaker): void;
  isStopping(): boolean;
  /** Called when a loop that the bridge depends on has died: the process should end. */
  onDeath(): void;
  /** The runtime in force: a reload replaces it. */
  current(): Runtime;
  /** Requests may be left in shadow whose channel is not. */
  leftInShadow(): void;
}

/** What one configuration makes between the listeners and the store. */
export interface Runtime {
  config: Config;
  take: Intake;
  accept: Accept;
  /** Removes credentials from a kept request before it is shown. */
  conceal: ReturnType<typeof createConceal>;
  dispatcher: Dispatcher;
  pruner: Pruner;
}

/**
 * Makes the runtime of a configuration, ready to replace the one `before`. Nothing is sent or pruned until
 * its dispatcher and pruner are started.
 *
 * @throws whatever the store throws when the destinations' states cannot be read.
 */
export async function createRuntime(
  config: Config,
  parts: RuntimeParts,
  before: Runtime | null = null,
): Promise<Runtime> {
  const { channels, destinations, rejected, retention, server } = config;
  const { observers, clock, random, deliver, onDeath, current, budget, rejections, tracers } = parts;
  observers.configuration.prepared(config);
  const saved = await parts.store.destinations();
  const shared = parts.store.subscribe !== undefined;
  const store = withHandover(parts.store, () => (current() === runtime ? null : current().dispatcher));
  const subscribers = () => current().config.destinations;
  const isInShadow = (channel: Channel) =>
    (channelAt(current().config.channels, { source: channel.source, channel: channel.name }) ?? channel)
      .shadow === true;
  const { leftInShadow } = parts;
  const { newReceiptId, newRejectionId } = idMakers(parts);
  const reject = createReject({ store: { reject: rejections.add }, rejected, newRejectionId });
  const timeouts = { stall: server.stallTimeout, whole: server.requestTimeout };
  const runtime: Runtime = {
    config,
    take: createIntake({ budget, reject, timeouts, clock }),
    // In, store, out: `accept` records, `recorded` wakes the dispatcher, and the dispatcher sends.
    accept: createAccept({
      ...{ store, reject, subscribers, isInShadow, leftInShadow, newReceiptId },
      matched: parts.matched,
      recorded: wakeCurrent(parts),
    }),
    dispatcher: createDispatcher({
      ...{ store, destinations, saved, deliver, clock, random, shared, onDeath },
      observe: observers.deliveries,
      tracer: tracers.attempts,
      breakerChanged: parts.breakerChanged,
      seenAt: (name) => seenBy(before, name),
    }),
    pruner: createPruner({ store, retention, clock, observe: observers.pruning, onDeath }),
    conceal: createConceal(channels, config.privateNames),
  };
  return runtime;
}

/** What processes the requests of channels that a reload has taken out of shadow. */
export function createShadowRelease(parts: Omit<RuntimeParts, "leftInShadow">): Release {
  const { store, clock, observers, current } = parts;
  return createRelease({
    ...{ store, clock, observe: observers.configuration, recorded: wakeCurrent(parts) },
    channels: () => current().config.channels,
    subscribers: () => current().config.destinations,
    tracer: parts.tracers.requests,
  });
}

/** Wakes the dispatcher in force when it is called, not when it was made: a reload may come in between. */
function wakeCurrent({ current }: Pick<RuntimeParts, "current">) {
  return (destinations?: readonly string[]) => current().dispatcher.wake(destinations);
}

/** A worker that replaces another knows when that one last saw the clock; null: there was none. */
function seenBy(before: Runtime | null, destination: string): number | null {
  const worker = before?.dispatcher.health().find((one) => one.destination === destination);
  return worker?.lastTickAt ?? null;
}

function idMakers({ randomBytes }: Pick<RuntimeParts, "randomBytes">) {
  return {
    newReceiptId: (at: number) => receiptId(at, randomBytes(10)),
    newRejectionId: (at: number) => rejectionId(at, randomBytes(10)),
  };
}

/** Answer requests by the runtime in force at each step: a reload may come while a request is under way. */
export interface RequestHandlers {
  receive: RequestListener;
  administer: RequestListener;
}

/** Of what looks after the bridge, what operators ask. */
interface WatchingOfAdmin {
  status: Pick<Status, "concerns" | "known">;
  watcher: Pick<Watcher, "acknowledged" | "acknowledge">;
  breakers: Pick<BreakerWatch, "openings">;
  secretAges: Pick<SecretAges, "since">;
  /** Sends a test to an alert; returns the id of its delivery. Null: there is no such alert. */
  testAlert(name: string): Promise<string | null>;
}

interface HandlerParts extends Omit<RuntimeParts, "leftInShadow"> {
  metrics: Pick<Metrics, "scrape">;
  watching: WatchingOfAdmin;
  /** Takes the configuration from its file again, all or nothing. */
  reload(): Promise<void>;
  /** When the configuration in force was loaded, and how the last reload went. */
  reloads: ConsoleParts["reloads"];
  /** Reads the configuration's file again; null: there is none. */
  load: ConsoleParts["load"];
  version: string;
  /** Makes the pages for people; null: there are none. */
  createConsole: ((parts: ConsoleParts) => Koa.Middleware) | null;
}

/** Settings that a reload cannot change are taken from `config`. */
export function createRequestHandlers(config: Config, parts: HandlerParts): RequestHandlers {
  return {
    receive: createReceiveHandler(config.server.basePath, parts),
    administer: createAdminHandler(config.admin, parts),
  };
}

/** Far above the refusals of a provider whose secret is wrong, and little work. */
const REFUSALS_PER_SECOND = 500;
const MAX_DELAY_MS = 5_000;

function createReceiveHandler(
  basePath: string,
  { observers, clock, current, tracers }: HandlerParts,
): RequestListener {
  return createReceiver({
    current: () => ({
      channels: current().config.channels,
      take: current().take,
      accept: current().accept,
    }),
    basePath,
    tarpit: createTarpit({ clock, perSecond: REFUSALS_PER_SECOND, longest: MAX_DELAY_MS }),
    tracer: tracers.requests,
    now: clock.now,
    observe: observers.ingress,
  }).callback();
}

function createAdminHandler(config: Config["admin"], parts: HandlerParts): RequestListener {
  const { metrics, observers, clock, reload, current, isStopping } = parts;
  const store = upToDate(parts);
  const dispatcher = () => current().dispatcher;
  const wake = wakeCurrent(parts);
  const shared = {
    store,
    now: clock.now,
    concerns: () => parts.watching.status.concerns(),
    knownConcerns: parts.watching.status.known,
    acknowledged: parts.watching.watcher.acknowledged,
    states: () => dispatcher().states(),
    unsupporting: (event: Event) =>
      current().config.destinations.filter((one) => asksFor(one, event) && !wants(one, event)),
    attemptsOf: (name: string) => attemptsOf(current().config, name),
    conceal: <Kept extends Parameters<Runtime["conceal"]>[0]>(kept: Kept) => current().conceal(kept),
    failed: observers.admin.failed,
  };
  const reprocessing: ReprocessParts = {
    store,
    channels: () => current().config.channels,
    subscribers: () => current().config.destinations,
    newReceiptId: idMakers(parts).newReceiptId,
    recorded: wake,
    tracer: parts.tracers.requests,
  };
  const operations = createOperations({
    ...shared,
    acknowledgeConcern: parts.watching.watcher.acknowledge,
    testAlert: parts.watching.testAlert,
    testDestination: (name) => testDestination(name, parts),
    destinations: () => current().config.destinations.map(({ name }) => name),
    reprocess: createReprocess(reprocessing),
    reprocessOne: createReprocessOne(reprocessing),
    control: {
      pause: async (name, reason) => dispatcher().controlsOf(name).pause(reason),
      resume: async (name) => dispatcher().controlsOf(name).resume(),
      wake: (name) => wake([name]),
      skipped(delivery) {
        wake([delivery.destination]);
        observers.admin.skipped(delivery);
      },
      reload,
    },
  });
  return createAdmin({
    ...shared,
    operations,
    health: createReadiness({
      store,
      clock,
      isStopping,
      workers: () => dispatcher().health(),
      isPrunerAlive: () => current().pruner.isAlive(),
      storeUnavailable: observers.admin.storeUnavailable,
    }),
    metrics: metrics.scrape,
    // Read again for each request, since a reload may bring other tokens.
    get tokens() {
      return current().config.admin.tokens;
    },
    get hosts() {
      return config.hosts ?? (current().config.admin.tokens.length === 0 ? [config.host] : null);
    },
    newExceptionId: (at) => exceptionId(at, parts.randomBytes(10)),
    proxied: config.proxied,
    console:
      parts.createConsole?.({
        ...shared,
        ...{ operations, clock, randomBytes: parts.randomBytes },
        openings: parts.watching.breakers.openings,
        secretsSince: parts.watching.secretAges.since,
        tokens: () => current().config.admin.tokens,
        config: () => current().config,
        ...{ version: parts.version, reloads: parts.reloads, load: parts.load },
      }) ?? null,
  }).callback();
}

async function testDestination(name: string, parts: HandlerParts): Promise<Conversation> {
  const { clock, current, deliver, version } = parts;
  const { destinations, alerts } = current().config;
  const destination = destinations.find((one) => one.name === name);
  if (!destination) throw new CountersignError("not_found", `there is no destination ${name}`);
  const { newReceiptId } = idMakers(parts);
  const isAlert = alerts.some((alert) => alert.name === name);
  const event = unrecordedTest(name, isAlert, { now: clock.now, newReceiptId, version });
  return tryDestination(destination, event, deliver);
}

function attemptsOf({ destinations }: Pick<Config, "destinations">, destination: string): number | null {
  const found = destinations.find(({ name }) => name === destination);
  return found ? found.schedule.length + 1 : null;
}

/** Lists and counts refused requests only once all that were answered before are stored. */
function upToDate({ store, rejections }: Pick<RuntimeParts, "store" | "rejections">): Store {
  return {
    ...store,
    async findRejections(filter, page) {
      await rejections.written();
      return store.findRejections(filter, page);
    },
    async findRejection(id) {
      await rejections.written();
      return store.findRejection(id);
    },
    async listRejections(filter, page) {
      await rejections.written();
      return store.listRejections(filter, page);
    },
    async tallies(span) {
      await rejections.written();
      return store.tallies(span);
    },
  };
}
