import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../../src/simulate/chance.ts";
import type { Node, Running } from "./nodes.ts";
import { type Restart, timeFirstAttempts } from "./recovery.ts";
import type { World } from "./world.ts";

/** The moment at which a bridge is killed. */
type Moment =
  /** `after` milliseconds after it became ready. */
  | { kind: "any"; after: number }
  /** Just as `count` more posts were answered with 200. */
  | { kind: "taken"; count: number }
  /** Just as `count` more deliveries have arrived. */
  | { kind: "arrived"; count: number };

export interface Killing {
  kills: number;
  /** The number of posts that may begin each time that a bridge is ready. */
  posts: number;
  /** Milliseconds after which no further kill begins, apart from the time that is spent on measuring. */
  limit: number;
  /** Called after every kill. */
  onKill?(killed: number): void;
}

export interface Killed {
  kills: number;
  /** Of all measured restarts; see `timeFirstAttempts`. */
  times: readonly number[];
}

/** The longest wait for a moment; on a slow machine half the duration of the last start. */
const MOMENT_TIMEOUT_MS = 400;
const timeoutFor = ({ starts }: Node) => Math.max(MOMENT_TIMEOUT_MS, Math.round((starts.at(-1) ?? 0) / 2));
/** The share of starts that are killed before they are ready. */
const EARLY_KILLS = 0.15;
/**
 * Every fifth restart is measured, and more of them in a run of fewer than 20 kills. Each holds the next kill
 * back.
 */
const MAX_KILLS_APART = 5;
const MIN_MEASURED = 4;
const killsApart = ({ kills }: Killing) =>
  Math.min(MAX_KILLS_APART, Math.max(1, Math.floor(kills / MIN_MEASURED)));
/** A process that ended by itself is known by then. */
const DEATH_NOTICE_MS = 100;

/** Kills one node at a time under load, and starts it again at once. */
export async function killRepeatedly(world: World, killing: Killing): Promise<Killed> {
  const { chance, nodes, load } = world;
  const { kills, posts, limit, onKill = () => {} } = killing;
  const times: number[] = [];
  let deadline = performance.now() + limit;
  let killed = 0;
  let nextMeasured = killsApart(killing);
  const kill = async (running: Running) => {
    await running.kill();
    onKill(++killed);
  };

  while (killed < kills && performance.now() < deadline) {
    load.allow(posts);
    const node = nodes[chance.int(0, nodes.length - 1)];
    if (!node?.running) break;
    const timeout = timeoutFor(node);
    await reach(drawMoment(chance, timeout), timeout, world);
    await kill(node.running);
    let next = node.start();
    if (killed < kills && chance.happens(EARLY_KILLS)) {
      await sleep(chance.int(0, Math.round(node.starts.at(-1) ?? MOMENT_TIMEOUT_MS)));
      await kill(next);
      next = node.start();
    }
    const killedAt = performance.now();
    const isMeasured = killed >= nextMeasured;
    world.setReceiversReliable(isMeasured);
    if (!(await next.ready)) break;
    if (!isMeasured) continue;
    const readyAt = performance.now();
    times.push(...(await measure(node, world, { killedAt, readyAt })));
    nextMeasured = killed + killsApart(killing);
    deadline += performance.now() - readyAt;
  }
  return { kills: killed, times };
}

/** Returns no times of a node that ended by itself meanwhile: the end of the run reports that. */
async function measure(node: Node, world: World, restart: Restart): Promise<readonly number[]> {
  try {
    return await timeFirstAttempts(node.adminUrl, world.receivers, restart);
  } catch (error) {
    await sleep(DEATH_NOTICE_MS);
    if (node.deaths.length === 0) throw error;
    return [];
  } finally {
    world.setReceiversReliable(false);
  }
}

function drawMoment(chance: Chance, timeout: number): Moment {
  const kind = chance.pick<Moment["kind"]>(["any", "any", "taken", "arrived"]);
  return kind === "any" ? { kind, after: chance.int(20, timeout) } : { kind, count: chance.int(1, 30) };
}

/** The kill follows in the same turn of the event loop. */
async function reach(moment: Moment, timeout: number, { afterTaken, afterArrivals }: World): Promise<void> {
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
    }, timeout);
  });
}
