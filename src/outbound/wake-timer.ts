import type { Clock } from "../domain/clock.ts";

/** One timer, set to another moment as often as need be: the only way that time wakes a worker. */
export interface WakeTimer {
  /** `at` in milliseconds since 1970; it may ring earlier when that is far ahead. */
  set(at: number): void;
  off(): void;
}

/** Timers are set no further ahead: Node's overflow after 24 days, and a due time that another process moved is seen by then. */
const MAX_SLEEP_MS = 3_600_000;

export function createWakeTimer(clock: Clock, ring: () => void): WakeTimer {
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
      cancel = clock.after(Math.min(Math.max(at - clock.now(), 0), MAX_SLEEP_MS), () => {
        off();
        ring();
      });
    },
    off,
  };
}
