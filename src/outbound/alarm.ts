import type { Clock } from "../domain/clock.ts";

/** One timer, set to another moment as often as need be: the only way that time wakes a courier. */
export interface Alarm {
  /** `at` in milliseconds since 1970; it may ring earlier when that is far ahead. */
  set(at: number): void;
  off(): void;
}

/** Timers are set no further ahead: Node's overflow after 24 days, and a due time that another process moved is seen by then. */
const LONGEST_SLEEP = 3_600_000;

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let setTo: number | null = null;
  let cancel = () => {};

  function off(): void {
    cancel();
    cancel = () => {};
    setTo = null;
  }

  return {
    set(at) {
      if (at === setTo) return;
      off();
      setTo = at;
      cancel = clock.after(Math.min(Math.max(at - clock.now(), 0), LONGEST_SLEEP), () => {
        off();
        ring();
      });
    },
    off,
  };
}
