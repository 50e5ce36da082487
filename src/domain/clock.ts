/** Time as rules and loops get it; only the composition root knows the real one. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once, `ms` milliseconds from now (up to 2^31 - 1); the function returned cancels it. */
  after(ms: number, run: () => void): () => void;
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
