import type { Clock } from "../domain/clock.ts";

/** One timer that can be set again at any time: the only way in which time wakes a worker. */
export interface WakeTimer {
  /**
   * Replaces the time that was set before. `at` in milliseconds since 1970; `onTimer` is called within an
   * hour in any case.
   */
  set(at: number): void;
  off(): void;
}

/** Node's timers overflow after 24 days, and another process may have moved a due time meanwhile. */
const MAX_SLEEP_MS = 3_600_000;

export function createWakeTimer(clock: Clock, onTimer: () => void): WakeTimer {
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
        onTimer();
      });
    },
    off,
  };
}
