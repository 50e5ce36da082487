import { killAgainAndAgain } from "./kills.ts";
import { isClean, type Verdict } from "./oracle.ts";
import { openPlace, type Place, postsPerKill, type StoreName } from "./stores.ts";
import { createWorld, type World } from "./world.ts";

export interface Wish {
  store: StoreName;
  kills: number;
  seed: number;
  /**
   * By how much the clock of the bridge is put ahead at the end, in milliseconds; 0: what killed tries had
   * leased is waited for.
   */
  ahead: number;
  /** In place of one of its own, which is opened and closed here. */
  place?: Place;
  onKill?(killed: number): void;
}

/** What a run came to. */
export interface Outcome extends Verdict {
  store: StoreName;
  kills: number;
  /** The longest time from the start of a process until it was ready, in milliseconds. */
  slowest: number;
  /** Where the store is to be looked at; null: all is well, and it is gone. */
  remains: string | null;
}

/**
 * What a kill may take, milliseconds: so long for each, and no more begin. On an idle machine it is a second
 * or so.
 */
const LIMIT = 30_000;

/** Kills the bridge again and again under load, and says what is there at the end. */
export async function crash(wish: Wish): Promise<Outcome> {
  const place = wish.place ?? (await openPlace(wish.store));
  const { store, nodes } = place;
  const world = await createWorld({ store, nodes, seed: `${wish.store} ${wish.seed}` });
  let keep = true;
  try {
    const outcome = await crashIn(world, place, wish);
    keep = outcome.remains !== null;
    return outcome;
  } finally {
    await world.close({ keep });
    await place.close({ keep });
  }
}

async function crashIn(world: World, place: Place, { store, kills, ahead, onKill }: Wish): Promise<Outcome> {
  await world.start();
  const posts = postsPerKill(store, kills);
  const killed = await killAgainAndAgain(world, {
    kills,
    posts,
    limit: kills * LIMIT,
    ...(onKill && { onKill }),
  });
  const verdict = await world.finish({ ahead });
  const starts = world.nodes.flatMap((node) => node.starts);
  return {
    ...verdict,
    store,
    kills: killed,
    slowest: Math.max(...starts),
    remains: isClean(verdict) ? null : (place.folder ?? world.folder),
  };
}
