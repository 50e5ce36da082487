import type { Clock } from "../domain/clock.ts";

/** Lets refused senders wait for their answer when there are many of them. */
export interface Calm {
  /** Resolves when a sender that is refused may have its answer: at once, unless too many were refused of late. */
  turn(): Promise<void>;
}

export interface CalmParts {
  clock: Clock;
  /** So many refusals a second are answered at once, and as many may come together. */
  perSecond: number;
  /** No sender waits for longer than this, in milliseconds. */
  longest: number;
}

/**
 * Whoever sends again as soon as the last post was refused, over thousands of connections, would keep the processor busy with
 * forgeries. Waiting costs nothing, so such a flood is answered at a pace that leaves the rest to genuine posts.
 */
export function createCalm({ clock, perSecond, longest }: CalmParts): Calm {
  const interval = 1_000 / perSecond;
  /** Up to when the refusals so far have used the pace up; a second of it may be behind. */
  let filled = 0;
  return {
    async turn() {
      const now = clock.now();
      filled = Math.min(Math.max(filled, now - 1_000) + interval, now + longest);
      const wait = Math.ceil(filled - now);
      if (wait > 0) await new Promise<void>((resolve) => void clock.after(wait, resolve));
    },
  };
}
