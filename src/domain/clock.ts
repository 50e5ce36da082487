/** Time, as an argument. Only the composition root knows the real clock. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds from some moment on; setting the clock does not change it. */
  elapsed(): number;
  /** Calls `run` once, `ms` milliseconds from now (up to 2^31 - 1); the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The result of `work`, or `otherwise` after `ms` milliseconds. Rejects when `work` rejects before that. */
export async function inTime<T>(clock: Clock, ms: number, work: Promise<T>, otherwise: T): Promise<T> {
  const late = Promise.withResolvers<T>();
  const cancel = clock.after(ms, () => late.resolve(otherwise));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    cancel();
  }
}

/** Whether `work` ended within `ms` milliseconds. Otherwise it goes on, and is no longer waited for. */
export function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  return inTime(
    clock,
    ms,
    work.then(() => true),
    false,
  );
}

/** Resolves `ms` milliseconds from now, or as soon as `signal` is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.after(signal.aborted ? 0 : ms, end);
    signal.addEventListener("abort", end);
  });
}
