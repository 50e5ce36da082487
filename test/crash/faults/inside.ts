import { createWorld, type World, type WorldOptions } from "../world.ts";

/** Runs `work` in a started world, and closes it afterwards. */
export async function inWorld<T>(options: WorldOptions, work: (world: World) => Promise<T>): Promise<T> {
  const world = await createWorld(options);
  try {
    await world.start();
    return await work(world);
  } finally {
    await world.close();
  }
}

/** The number of answers of this status so far. */
export const countOf = ({ load }: World, status: string): number => load.answers.get(status) ?? 0;

/** A condition: `count` more posts were answered with 200. */
export function moreTaken(world: World, count: number): () => boolean {
  const before = countOf(world, "200");
  return () => countOf(world, "200") >= before + count;
}
