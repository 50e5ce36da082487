import { setImmediate } from "node:timers/promises";

/**
 * Work that may take long, in steps: the caller may give other requests a turn between two of them.
 *
 * A function that returns steps does nothing by itself until they are taken, so its name is a participle:
 * `verifying` gives the steps of `verify`.
 */
export type Steps<T> = Generator<void, T, void>;

/** Bytes or characters of one step: some ten milliseconds of work at most. */
export const STEP_BYTES = 2 ** 20;

/** A body of this many bytes is decoded in steps; a shorter one is a single step. */
export const LONG_BYTES = 2 ** 18;

/** Takes all steps without a pause. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Takes one step in each turn of the event loop. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await setImmediate();
  }
}

/** Steps that are taken once: the first caller takes them, and every later one gets the same result. */
export function once<T>(begin: () => Steps<T>): () => Steps<T> {
  const memo: Memo<T> = { begin, result: null };
  // No generator function is made here: V8 gives each a hidden class at its first call, which takes
  // microseconds.
  return () => taking(memo);
}

interface Memo<T> {
  begin(): Steps<T>;
  result: { value: T } | null;
}

function* taking<T>(memo: Memo<T>): Steps<T> {
  memo.result ??= { value: yield* memo.begin() };
  return memo.result.value;
}
