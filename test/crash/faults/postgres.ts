import { setTimeout as sleep } from "node:timers/promises";
import { type OwnPostgres, startOwnPostgres } from "../../support/own-postgres.ts";
import { isReady } from "../admin.ts";
import type { Verdict } from "../oracle.ts";
import type { World } from "../world.ts";
import { ALWAYS, createWitness, type Fault, type Witness } from "./fault.ts";
import { freeze, thaw } from "./freeze.ts";
import { countOf, inWorld, moreTaken } from "./inside.ts";

/** The database goes away under two nodes, and comes back. */

const NODES = 2;
const SOME = 30;

export const RESTARTED: Fault = {
  name: "PostgreSQL restarted",
  promise: "is not ready and answers 503 while PostgreSQL is down, and recovers by itself",
  impossible: ALWAYS,
  run: (seed) =>
    underLoad(seed, async (world, postgres, { sees }) => {
      await postgres.stopServing();
      await sees(() => countOf(world, "503") >= SOME, "503 while the database is down");
      await sees(() => noneIsReady(world), "no node ready while the database is down");
      await postgres.serveAgain();
    }),
};

export const PAUSED: Fault = {
  name: "PostgreSQL paused",
  promise: "is not ready and answers no 200 while PostgreSQL is paused, and goes on afterwards",
  impossible: () => (process.platform === "linux" ? null : "processes are found through Linux's /proc"),
  run: (seed) =>
    underLoad(seed, async (world, postgres, { sees }) => {
      const frozen = freeze(postgres.pid());
      try {
        // Answers to earlier commits may still be in flight.
        await sleep(100);
        const before = countOf(world, "200");
        await sees(() => noneIsReady(world), "no node ready while the database is paused");
        await sees(() => countOf(world, "200") === before, "no 200 while the database is paused", 0);
      } finally {
        thaw(frozen);
      }
    }),
};

async function underLoad(
  seed: number,
  fault: (world: World, postgres: OwnPostgres, witness: Witness) => Promise<void>,
): Promise<Verdict> {
  const postgres = await startOwnPostgres();
  const witness = createWitness();
  const { sees } = witness;
  try {
    return await inWorld(
      { seed: `postgres ${seed}`, store: postgres.url, nodes: NODES, connections: 8 },
      async (world) => {
        world.load.allow(100_000);
        await sees(moreTaken(world, SOME), "posts taken before");
        await fault(world, postgres, witness);
        await sees(() => allAreReady(world), "all nodes ready afterwards");
        await sees(moreTaken(world, SOME), "posts taken afterwards");
        return witness.add(await world.finish());
      },
    );
  } finally {
    await postgres.stop();
  }
}

async function noneIsReady({ nodes }: World): Promise<boolean> {
  const states = await Promise.all(nodes.map(({ adminUrl }) => isReady(adminUrl)));
  return !states.includes(true);
}

async function allAreReady({ nodes }: World): Promise<boolean> {
  const states = await Promise.all(nodes.map(({ adminUrl }) => isReady(adminUrl)));
  return !states.includes(false);
}
