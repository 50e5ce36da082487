import { createWorld, type World, type WorldOptions } from "../world.ts";

/** Runs something in a world that is gone afterwards. */
export async function inWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  const world = await createWorld(options);
  try {
    await world.start();
    return await work(world);
  } finally {
    await world.close();
  }
}

/** How many of the answers so far were of this kind. */
export const countOf = ({ load }: World, status: string): number => load.answers.get(status) ?? 0;

/** True once so many more posts have been answered with 200. */
export function moreTaken(world: World, count: number): () => boolean {
  const before = countOf(world, "200");
  return () => countOf(world, "200") >= before + count;
}
