import type { Node } from "../nodes.ts";
import type { World } from "../world.ts";
import { ALWAYS, createWitness, type Fault, type Witness } from "./fault.ts";
import { inWorld, moreTaken } from "./inside.ts";

/** The clock of the machine is set by hours, under load. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SOME = 30;
/** From the true time forward, back to it, behind it, and to it again. */
const JUMPS = [6, 0, -5, 0].map((hours) => hours * HOUR);
const AHEAD_AND_BACK = JUMPS.slice(0, 2);

/** At the end the clock is beyond its furthest point, so all leases have expired. */
export const CLOCK_JUMPS: Fault = {
  name: "the clock jumps by hours",
  promise: "loses nothing and makes nothing twice when its clock is set forward and back, running or killed",
  impossible: ALWAYS,
  run: (seed) => runJumps(seed, JUMPS, Math.max(...JUMPS) + HOUR),
};

export const CLOCK_SET_BACK: Fault = {
  name: "the clock was set back",
  promise: "delays no delivery for hours that arrived or failed while its clock was ahead",
  impossible: ALWAYS,
  // Beyond the leases of killed attempts, but less than an hour.
  run: (seed) => runJumps(seed, AHEAD_AND_BACK, MINUTE),
};

function runJumps(seed: number, jumps: readonly number[], ahead: number) {
  const launch = { ahead: 0 };
  const options = { seed: `clock ${seed}`, store: "sqlite:./countersign.db", connections: 8, launch };
  return inWorld(options, async (world) => {
    const { sees, add } = createWitness();
    world.load.allow(100_000);
    await sees(moreTaken(world, SOME), "posts taken before");
    for (const jump of jumps) await setClock(world, jump, sees);
    return add(await world.finish({ ahead, limit: 45_000 }));
  });
}

/** Sets the clock of the running bridge, and then kills it with unsettled leases and starts it again. */
async function setClock(world: World, ahead: number, sees: Witness["sees"]): Promise<void> {
  const [node] = world.nodes as [Node];
  node.running?.setAhead(ahead);
  await sees(moreTaken(world, SOME), `posts taken with the clock ${ahead} ms ahead`);
  await node.running?.kill();
  await sees(() => node.start({ ahead }).ready, `a start with the clock ${ahead} ms ahead`);
  await sees(moreTaken(world, SOME), `posts taken after a start with the clock ${ahead} ms ahead`);
}
