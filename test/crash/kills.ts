import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../../src/simulate/chance.ts";
import type { Node, Running } from "./nodes.ts";
import type { World } from "./world.ts";

/** When a bridge is killed. */
type Moment =
  /** So many milliseconds after it became ready. */
  | { kind: "any"; after: number }
  /** Just as it has answered so many posts with 200. */
  | { kind: "taken"; count: number }
  /** Just as so many of its deliveries are out. */
  | { kind: "out"; count: number };

export interface Killing {
  kills: number;
  /** How many more posts may begin each time that a bridge is ready. */
  posts: number;
  /** No further kill after so many milliseconds. */
  limit: number;
  /** Told of every kill. */
  onKill?(killed: number): void;
}

/**
 * Waits for a moment no longer than this, milliseconds; on a slow machine half as long as the last start
 * took.
 */
const PATIENCE = 400;
const patienceWith = ({ starts }: Node) => Math.max(PATIENCE, Math.round((starts.at(-1) ?? 0) / 2));
/** Of so many starts one is cut short. */
const STILLBORN = 0.15;

/** Kills one node at a time while all goes on, and starts it at once. Returns how many kills there were. */
export async function killAgainAndAgain(world: World, killing: Killing): Promise<number> {
  const { chance, nodes, load } = world;
  const { kills, posts, limit, onKill = () => {} } = killing;
  const deadline = performance.now() + limit;
  let killed = 0;
  const kill = async (running: Running) => {
    await running.kill();
    onKill(++killed);
  };

  while (killed < kills && performance.now() < deadline) {
    load.allow(posts);
    const node = nodes[chance.int(0, nodes.length - 1)];
    if (!node?.running) break;
    const patience = patienceWith(node);
    await reach(drawMoment(chance, patience), patience, world);
    await kill(node.running);
    let next = node.start();
    if (killed < kills && chance.happens(STILLBORN)) {
      await sleep(chance.int(0, Math.round(node.starts.at(-1) ?? PATIENCE)));
      await kill(next);
      next = node.start();
    }
    if (!(await next.ready)) break;
  }
  return killed;
}

function drawMoment(chance: Chance, patience: number): Moment {
  const kind = chance.pick<Moment["kind"]>(["any", "any", "taken", "out"]);
  return kind === "any" ? { kind, after: chance.int(20, patience) } : { kind, count: chance.int(1, 30) };
}

/** The kill follows in the same turn of the event loop. */
async function reach(moment: Moment, patience: number, { afterTaken, afterArrivals }: World): Promise<void> {
  if (moment.kind === "any") return void (await sleep(moment.after));
  const { count } = moment;
  const after = moment.kind === "taken" ? afterTaken : afterArrivals;
  await new Promise<void>((resolve) => {
    const cancel = after(count, () => {
      clearTimeout(tooLate);
      resolve();
    });
    const tooLate = setTimeout(() => {
      cancel();
      resolve();
    }, patience);
  });
}
