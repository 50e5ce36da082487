/** Time as rules and loops get it; only the composition root knows the real one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now (up to 2^31 - 1); the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** Whether `work` was done in `ms` milliseconds. It is not ended otherwise, only no longer waited for. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    cancel();
  }
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
