import { setImmediate } from "node:timers/promises";

/** Work that may take long, in steps: between two of them others may have their turn. */
export type Steps<T> = Generator<void, T, void>;

/** So many bytes or characters a step: some ten milliseconds at the most. */
export const STEP_BYTES = 2 ** 20;

/** One step after the other, with nobody in between. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** A step in each turn of the event loop. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}
