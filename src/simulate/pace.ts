/** Limits concurrency; waiting callers go on in the order in which they came. */
export interface Semaphore {
  acquire(): Promise<void>;
  release(): void;
}

export function createSemaphore(count: number): Semaphore {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    async acquire() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    release() {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}

/** Shorter waits are added up: timers are not that exact. */
const MIN_TIMER_MS = 5;

/**
 * Waits before each moment, so that at most `rate` begin per second; equal consecutive moments count as one.
 */
export function createPace(
  rate: number,
  wait: (ms: number) => Promise<void>,
): (moment: number) => Promise<void> {
  let owed = 0;
  let last: number | null = null;
  return async (moment) => {
    if (moment === last) return;
    last = moment;
    owed += 1_000 / rate;
    if (owed < MIN_TIMER_MS) return;
    const ms = owed;
    owed = 0;
    await wait(ms);
  };
}
