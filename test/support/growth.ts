/**
 * How many times longer the work takes at four times the size: about 4 where its time is in proportion, 16
 * where it grows with the square. It counts the processor time of the best of several runs, so that neither
 * the load of the machine nor the compilation of the code weighs.
 */
export function growthOf(work: (size: number) => unknown, size: number): number {
  let [small, large] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  // In turns, so that a busy moment does not weigh on one of the two alone; and more of them where the
  // machine may have been busy all the while. Work that grows with the square stays far above the limit.
  for (let rounds = 0; rounds < MAX_ROUNDS; rounds += 1) {
    for (let runs = 0; runs < RUNS; runs += 1) {
      small = Math.min(
        small,
        timeOf(() => work(size)),
      );
      large = Math.min(
        large,
        timeOf(() => work(4 * size)),
      );
    }
    if (large / Math.max(MIN_RUN_US, small) < MAX_LINEAR_GROWTH) break;
  }
  return Math.max(MIN_RUN_US, large) / Math.max(MIN_RUN_US, small);
}

const RUNS = 5;
const MAX_ROUNDS = 4;
/** Microseconds: below this the time of a run is chance. */
const MIN_RUN_US = 2_000;

function timeOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Halfway, by factors, between growth in proportion and with the square:
 * `expect(growthOf(…)).to.be.below(…)`.
 */
export const MAX_LINEAR_GROWTH = 8;
