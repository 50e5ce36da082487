import type { Config, LoadedConfig } from "./config.ts";
import { within } from "./domain/clock.ts";
import { CountersignError, messageOf } from "./domain/errors.ts";
import { createRuntime, createShadowRelease, type Runtime, type RuntimeParts } from "./runtime.ts";
import type { Watched } from "./store/watched.ts";
import { formatProblem } from "./yaml.ts";

/** The runtime in force, which a reload replaces. */
export interface Reloader {
  current(): Runtime;
  /** Begins to send deliveries and to prune rows. */
  start(): void;
  /**
   * Takes sources, destinations and mappings from the configuration's file again: all or nothing. Reloads are
   * done one after the other; each reads the file when its turn comes.
   *
   * @throws CountersignError `bad_request` with the problems: the previous configuration stays in force;
   * `store_unavailable` when the new one is in force, but deliveries to removed destinations could not be
   * parked.
   */
  reload(): Promise<void>;
  /** When the configuration in force was loaded, and how the last reload went. */
  reloads(): Reloads;
  /** Begins nothing more; attempts in flight have `graceMs` milliseconds to end. */
  stop(options: { graceMs: number }): Promise<void>;
}

export interface Reloads {
  /** Milliseconds since 1970. */
  loadedAt: number;
  /** Null: there was none since the start. `problem` null: it went well. */
  last: { at: number; problem: string | null } | null;
}

interface ReloaderParts extends Omit<RuntimeParts, "current" | "leftInShadow">, Pick<Watched, "settled"> {
  /** Reads the configuration's file; undefined: there is none, so a reload is refused. */
  load: (() => Promise<LoadedConfig>) | undefined;
}

/** @throws whatever the store throws when it cannot be asked. */
export async function createReloader(
  config: Config,
  { load, settled, ...given }: ReloaderParts,
): Promise<Reloader> {
  const { store, clock, isStopping } = given;
  const observe = given.observers.configuration;
  const current = () => runtime;
  const release = createShadowRelease({ ...given, current });
  const parts: RuntimeParts = { ...given, current, leftInShadow: release.wake };
  let runtime = await createRuntime(config, parts);
  let reloading: Promise<void> = Promise.resolve();
  let reloads: Reloads = { loadedAt: clock.now(), last: null };
  const isShared = store.subscribe !== undefined;
  const nodesAtStart = Promise.withResolvers<number>();
  await endLeases();
  let isTakingOver = false;
  if (!isShared) await parkRemoved();

  /** Subscribes the runtime in force to the other nodes: it gets their present state, then every change. */
  function subscribeToNodes(): void {
    const { dispatcher } = runtime;
    store.subscribe?.({
      workDue: dispatcher.wake,
      stateChanged: dispatcher.applyStates,
      nodeCountChanged(count) {
        dispatcher.setNodeCount(count);
        nodesAtStart.resolve(count);
      },
      nodesDied: takeOverLeases,
    });
  }

  /** Of dead nodes. The store says again and again that they are dead, until this has worked. */
  function takeOverLeases(): void {
    if (isTakingOver) return;
    isTakingOver = true;
    endLeases()
      .then(() => runtime.dispatcher.wake())
      .catch(observe.leasesUnended)
      .finally(() => {
        isTakingOver = false;
      });
  }

  /** The deliveries that a process had in flight when it was killed are due at once. */
  async function endLeases(): Promise<void> {
    const ended = await store.endLeases(clock.now());
    if (ended > 0) observe.leasesEnded(ended);
  }

  /** Parks open deliveries to destinations that are not configured. */
  async function parkRemoved(): Promise<void> {
    const names = runtime.config.destinations.map(({ name }) => name);
    const parked = await store.parkRemoved(names, clock.now());
    if (parked > 0) observe.parked(parked);
  }

  /**
   * Where nodes share a store, another node may already have a destination that this one does not know. So a
   * start parks only where no other node runs; a reload, which an operator asks for, always does.
   */
  async function parkIfAlone(): Promise<void> {
    if ((await nodesAtStart.promise) === 1) return parkRemoved();
    const known = new Set(runtime.config.destinations.map(({ name }) => name));
    for (const { destination, open } of await store.backlog()) {
      if (!known.has(destination)) observe.stranded(destination, open);
    }
  }

  async function replaceRuntime(): Promise<void> {
    const after = await prepareNext().catch((error) => {
      observe.refused(error);
      throw error;
    });
    const before = runtime;
    runtime = after;
    reloads = { ...reloads, loadedAt: clock.now() };
    parts.budget.resize(after.config.server.maxBytesInFlight);
    const underWay = settled();
    subscribeToNodes();
    runtime.dispatcher.start();
    observe.reloaded(after.config);
    // What is recorded at this moment may still be in shadow by the previous configuration.
    underWay.then(release.wake);
    await takeOver(before, underWay, after.config.shutdown);
  }

  async function replaceAndRemember(): Promise<void> {
    const remember = (problem: string | null) => {
      reloads = { ...reloads, last: { at: clock.now(), problem } };
    };
    try {
      await replaceRuntime();
      remember(null);
    } catch (error) {
      remember(messageOf(error));
      throw error;
    }
  }

  async function prepareNext(): Promise<Runtime> {
    refuseWhileStopping();
    const next = await createRuntime(await loadAgain(config, load), parts, runtime);
    refuseWhileStopping();
    return next;
  }

  function refuseWhileStopping(): void {
    if (isStopping()) throw new CountersignError("bad_request", "the bridge is stopping");
  }

  /** Lets the previous runtime end its attempts in flight, and continues from their results. */
  async function takeOver(before: Runtime, underWay: Promise<void>, graceMs: number): Promise<void> {
    await applySavedStates();
    const [ended] = await Promise.all([
      within(clock, graceMs, underWay),
      before.dispatcher.stop({ graceMs }),
      before.pruner.stop(),
    ]);
    runtime.pruner.start();
    await applySavedStates();
    runtime.dispatcher.wake();
    // A slow store may still be recording deliveries that the previous configuration addressed.
    if (!ended) underWay.then(parkRemoved).catch(observe.unparked);
    await parkRemoved().catch((error) => {
      observe.unparked(error);
      const message =
        "the new configuration is in force, but deliveries to removed destinations are not parked " +
        `(${messageOf(error)}): reload again to park them`;
      throw new CountersignError("store_unavailable", message, { cause: error });
    });
  }

  /**
   * Applies states that the previous runtime saved while this one was made. A shared store announces them by
   * itself.
   */
  async function applySavedStates(): Promise<void> {
    if (isShared) return;
    try {
      runtime.dispatcher.applyStates(await store.destinations());
    } catch (error) {
      observe.statesUnread(error);
    }
  }

  return {
    current: () => runtime,
    start() {
      subscribeToNodes();
      runtime.dispatcher.start();
      runtime.pruner.start();
      release.wake();
      if (isShared) parkIfAlone().catch(observe.unparked);
    },
    reload() {
      reloading = reloading.catch(() => {}).then(replaceAndRemember);
      return reloading;
    },
    reloads: () => reloads,
    async stop({ graceMs }) {
      const { dispatcher, pruner } = runtime;
      await Promise.all([
        ...[dispatcher.stop({ graceMs }), pruner.stop(), release.stop()],
        reloading.catch(() => {}),
      ]);
    },
  };
}

/** Settings that need a restart. */
const FIXED = ["server", "admin", "store", "log"] as const;

/**
 * What a reload cannot change. The budget follows the longest body that may come, which a channel or a
 * mapping can change; the tokens of the admin API may be rotated.
 */
function fixedPart({ server, admin, store, log }: Config, key: (typeof FIXED)[number]): string {
  const parts = {
    server: { ...server, maxBytesInFlight: null },
    admin: { ...admin, token: null, tokens: null },
    store,
    log,
  };
  return JSON.stringify(parts[key]);
}

/**
 * @throws CountersignError `bad_request` when the file has problems, or changes settings that need a restart.
 */
async function loadAgain(running: Config, load: ReloaderParts["load"]): Promise<Config> {
  if (!load) throw new CountersignError("bad_request", "this bridge was not started from a file");
  const { config, problems } = await load();
  if (!config) throw new CountersignError("bad_request", problems.map(formatProblem).join("\n"));
  const changed = FIXED.filter((key) => fixedPart(config, key) !== fixedPart(running, key));
  if (changed.length === 0) return config;
  throw new CountersignError("bad_request", `\`${changed.join("` and `")}\` changed: that needs a restart`);
}
