import type { Config, LoadedConfig } from "./config.ts";
import { within } from "./domain/clock.ts";
import { CountersignError, messageOf } from "./domain/errors.ts";
import { createRuntime, type Runtime, type RuntimeParts } from "./runtime.ts";
import type { Watched } from "./store/watched.ts";
import { formatProblem } from "./yaml.ts";

/** The bridge of the moment, and how a reload puts another in its place. */
export interface Reloader {
  current(): Runtime;
  /** From now on deliveries are sent and rows are pruned. */
  start(): void;
  /**
   * Takes sources, destinations and mappings from the configuration's file again: all or nothing. One at a time; the caller's own is
   * the newest.
   *
   * @throws CountersignError `bad_request` that says what is wrong with it: the configuration before stays in force;
   * `store_unavailable` when the new one is in force, but what is open for destinations that are gone could not be parked.
   */
  reload(): Promise<void>;
  /** Takes on nothing more; what is in flight has `graceMs` milliseconds to end. */
  stop(options: { graceMs: number }): Promise<void>;
}

interface ReloaderParts extends Omit<RuntimeParts, "current">, Pick<Watched, "settled"> {
  /** Where a reload takes the configuration from; absent: it cannot be reloaded. */
  load: (() => Promise<LoadedConfig>) | undefined;
}

/** @throws whatever the store throws when it cannot be asked. */
export async function createReloader(
  config: Config,
  { load, settled, ...given }: ReloaderParts,
): Promise<Reloader> {
  const { store, clock, logger, isStopping } = given;
  const parts: RuntimeParts = { ...given, current: () => bridge };
  let bridge = await createRuntime(config, parts);
  let reloading: Promise<void> = Promise.resolve();
  const isShared = store.subscribe !== undefined;
  const nodesAtStart = Promise.withResolvers<number>();
  if (!isShared) await parkRemoved();

  /** The bridge of the moment is told how things are, and then what changes. */
  function listenToNodes(): void {
    const { dispatcher } = bridge;
    store.subscribe?.({
      workDue: dispatcher.wake,
      stateChanged: dispatcher.applyStates,
      nodeCountChanged(count) {
        dispatcher.setNodeCount(count);
        nodesAtStart.resolve(count);
      },
    });
  }

  /** Parks what is open for destinations that are not configured. */
  async function parkRemoved(): Promise<void> {
    const names = bridge.config.destinations.map(({ name }) => name);
    const parked = await store.parkRemoved(names);
    if (parked > 0)
      logger.warn({ parked }, "deliveries to destinations that are no longer configured are parked");
  }

  /**
   * Where nodes share a store, what this one does not know may be a destination that another has got already. So a start parks only
   * where no other node runs; a reload, which a person asks for, always does.
   */
  async function parkOrTell(): Promise<void> {
    if ((await nodesAtStart.promise) === 1) return parkRemoved();
    const known = new Set(bridge.config.destinations.map(({ name }) => name));
    for (const { destination, open } of await store.backlog()) {
      if (known.has(destination)) continue;
      logger.warn(
        { destination, open },
        "deliveries wait for a destination that is not configured here; a reload parks them",
      );
    }
  }

  async function replaceBridge(): Promise<void> {
    const after = await prepareNext().catch((error) => {
      logger.error({ reason: messageOf(error) }, "not reloaded; the configuration before stays in force");
      throw error;
    });
    const before = bridge;
    bridge = after;
    parts.budget.resize(after.config.server.maxBytesInFlight);
    const underWay = settled();
    listenToNodes();
    bridge.dispatcher.start();
    const { channels, destinations, shutdown } = after.config;
    logger.info({ channels: channels.length, destinations: destinations.length }, "reloaded");
    await takeOver(before, underWay, shutdown);
  }

  async function prepareNext(): Promise<Runtime> {
    refuseWhileStopping();
    const next = await createRuntime(await loadAgain(config, load), parts, bridge);
    refuseWhileStopping();
    return next;
  }

  function refuseWhileStopping(): void {
    if (isStopping()) throw new CountersignError("bad_request", "the bridge is stopping");
  }

  /** Lets the bridge before end what it has in flight, and goes on with whatever came of it. */
  async function takeOver(before: Runtime, underWay: Promise<void>, graceMs: number): Promise<void> {
    await adoptKept();
    const [ended] = await Promise.all([
      within(clock, graceMs, underWay),
      before.dispatcher.stop({ graceMs }),
      before.pruner.stop(),
    ]);
    bridge.pruner.start();
    await adoptKept();
    bridge.dispatcher.wake();
    // A slow store may still be recording what was addressed by the configuration before.
    if (!ended) underWay.then(parkRemoved).catch(tellUnparked);
    await parkRemoved().catch((error) => {
      tellUnparked(error);
      const message = `the new configuration is in force, but what waits for destinations that are gone is not parked (${messageOf(error)}): reload again to park it`;
      throw new CountersignError("store_unavailable", message, { cause: error });
    });
  }

  /** What the bridge before kept while this one was being made. A store that has `listen` tells it by itself. */
  async function adoptKept(): Promise<void> {
    if (isShared) return;
    try {
      bridge.dispatcher.applyStates(await store.destinations());
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, "what is kept of the destinations cannot be read");
    }
  }

  function tellUnparked(error: unknown): void {
    logger.error(
      { reason: messageOf(error) },
      "what waits for destinations that are no longer configured is not parked; the next reload or start does it",
    );
  }

  return {
    current: () => bridge,
    start() {
      listenToNodes();
      bridge.dispatcher.start();
      bridge.pruner.start();
      if (isShared) parkOrTell().catch(tellUnparked);
    },
    reload() {
      reloading = reloading.catch(() => {}).then(replaceBridge);
      return reloading;
    },
    async stop({ graceMs }) {
      const { dispatcher, pruner } = bridge;
      await Promise.all([dispatcher.stop({ graceMs }), pruner.stop(), reloading.catch(() => {})]);
    },
  };
}

/** What cannot change while the bridge runs. */
const FIXED = ["server", "admin", "store", "log"] as const;

/** The budget follows the longest body that may come, which a channel or a mapping can change. */
function fixedPart(config: Config, key: (typeof FIXED)[number]): string {
  return JSON.stringify(key === "server" ? { ...config.server, maxBytesInFlight: null } : config[key]);
}

/** @throws CountersignError `bad_request` when there is something wrong with it, or it asks for what only a restart can do. */
async function loadAgain(running: Config, load: ReloaderParts["load"]): Promise<Config> {
  if (!load) throw new CountersignError("bad_request", "this bridge was not started from a file");
  const { config, problems } = await load();
  if (!config) throw new CountersignError("bad_request", problems.map(formatProblem).join("\n"));
  const changed = FIXED.filter((key) => fixedPart(config, key) !== fixedPart(running, key));
  if (changed.length === 0) return config;
  throw new CountersignError("bad_request", `\`${changed.join("` and `")}\` changed: that needs a restart`);
}
