/**
 * How many times longer the work takes at four times the size: about 4 where its time is in proportion, 16
 * where it grows with the square. It counts the processor time of the best of several runs, so that neither
 * the load of the machine nor the compilation of the code weighs.
 */
export function growthOf(work: (size: number) => unknown, size: number): number {
  const small = bestOf(() => work(size));
  const large = bestOf(() => work(4 * size));
  return large / small;
}

const RUNS = 5;
/** Microseconds: below this the time of a run is chance. */
const MIN_RUN_US = 2_000;

function bestOf(run: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.max(MIN_RUN_US, Math.min(...times));
}

/**
 * Halfway, by factors, between growth in proportion and with the square:
 * `expect(growthOf(…)).to.be.below(…)`.
 */
export const MAX_LINEAR_GROWTH = 8;
