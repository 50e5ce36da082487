/** So many may do something at a time; the others wait, in the order in which they came. */
export interface Slots {
  take(): Promise<void>;
  give(): void;
}

export function createSlots(count: number): Slots {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    give() {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}

/** Shorter waits than this are saved up, for no timer keeps them. Milliseconds. */
const MIN_TIMER_MS = 5;

/** Waits before each moment, so that no more than `rate` moments a second begin; equal ones one after the other are one. */
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
