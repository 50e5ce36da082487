import { inspect } from "node:util";

/** Real milliseconds: longer than anything takes on a slow machine, shorter than the time limit of a test. */
const LIMIT_MS = 15_000;
/** Between two looks, so that a condition which asks a server or a database does not keep it busy. */
const PAUSE_MS = 2;

/**
 * Asks again until the condition gives something true, and resolves with it. For what comes over a real
 * socket or from a real database, which no clock of the test moves.
 *
 * @param expected what must become true, as a sentence: "every node knows 3 nodes".
 * @throws Error with that sentence and the last value, after `limitMs` real milliseconds. What the condition
 *   throws is thrown at once.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  expected: string,
  limitMs: number = LIMIT_MS,
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + limitMs;
  for (let turns = 0; ; turns += 1) {
    const value = await condition();
    if (value) return value as Exclude<T, Falsy>;
    if (performance.now() > deadline)
      throw new Error(`not within ${limitMs} ms: ${expected} (the last value was ${inspect(value)})`);
    await nextLook(turns);
  }
}

type Falsy = false | 0 | 0n | "" | null | undefined;

/** Waits a turn of the event loop for each of the first looks, and then leaves the loop to others. */
async function nextLook(turns: number): Promise<void> {
  await new Promise<void>((resolve) => {
    if (turns < 50) setImmediate(resolve);
    else setTimeout(resolve, PAUSE_MS);
  });
}
