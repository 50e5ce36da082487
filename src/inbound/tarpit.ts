import type { Clock } from "../domain/clock.ts";

/** Delays the answers to refused senders when there are many of them. */
export interface Tarpit {
  /** Resolves when a refused sender may have its answer: at once, unless too many were refused lately. */
  delay(): Promise<void>;
}

export interface TarpitParts {
  clock: Clock;
  /** Refusals a second that are answered at once; as many may come together. */
  perSecond: number;
  /** The longest delay, in milliseconds. */
  longest: number;
}

/**
 * Senders that repeat a refused post at once, over thousands of connections, would keep the processor busy
 * with forgeries. Waiting costs nothing, so their answers are paced, which leaves the rest of the time to
 * genuine posts.
 */
export function createTarpit({ clock, perSecond, longest }: TarpitParts): Tarpit {
  const interval = 1_000 / perSecond;
  /** The time up to which earlier refusals have used up the pace; at most a second in the past. */
  let filled = 0;
  return {
    async delay() {
      const now = clock.now();
      filled = Math.min(Math.max(filled, now - 1_000) + interval, now + longest);
      const wait = Math.ceil(filled - now);
      if (wait > 0) await new Promise<void>((resolve) => void clock.after(wait, resolve));
    },
  };
}
