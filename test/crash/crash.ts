import { killRepeatedly } from "./kills.ts";
import { isClean, type Verdict } from "./oracle.ts";
import { type Recovery, summarize } from "./recovery.ts";
import { openPlace, type Place, postsPerKill, type StoreName } from "./stores.ts";
import { createWorld, type World } from "./world.ts";

export interface CrashOptions {
  store: StoreName;
  kills: number;
  seed: number;
  /** As in the world; default: false. */
  migration?: boolean;
  /** In place of one of its own, which is opened and closed here. */
  place?: Place;
  onKill?(killed: number): void;
}

/** The result of a run. */
export interface Outcome extends Verdict {
  store: StoreName;
  kills: number;
  /** The longest time from the start of a process until it was ready, in milliseconds. */
  slowest: number;
  recovery: Recovery;
  /** The folder of the store, left for inspection. Null: there was no complaint, and it was removed. */
  remains: string | null;
}

/**
 * Per kill; when their sum is over, no further kill begins. On an idle machine a kill takes about a second.
 */
const MAX_KILL_MS = 10_000;

/** Kills the bridge repeatedly under load, and judges the state at the end. */
export async function crash(options: CrashOptions): Promise<Outcome> {
  const place = options.place ?? (await openPlace(options.store));
  const { store, nodes } = place;
  const { migration = false } = options;
  const world = await createWorld({ store, nodes, migration, seed: `${options.store} ${options.seed}` });
  let keep = true;
  try {
    const outcome = await crashIn(world, place, options);
    keep = outcome.remains !== null;
    return outcome;
  } finally {
    await world.close({ keep });
    await place.close({ keep });
  }
}

async function crashIn(world: World, place: Place, { store, kills, onKill }: CrashOptions): Promise<Outcome> {
  await world.start();
  const posts = postsPerKill(store, kills);
  const killed = await killRepeatedly(world, {
    kills,
    posts,
    limit: kills * MAX_KILL_MS,
    ...(onKill && { onKill }),
  });
  const verdict = await world.finish();
  const starts = world.nodes.flatMap((node) => node.starts);
  return {
    ...verdict,
    store,
    kills: killed.kills,
    slowest: Math.max(...starts),
    recovery: summarize(killed.times),
    remains: isClean(verdict) ? null : (place.folder ?? world.folder),
  };
}
