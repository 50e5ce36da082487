import pRetry from "p-retry";
import { type Clock, pause } from "../domain/clock.ts";

export interface StoreRetry {
  clock: Clock;
  /** Aborted: the caller waits no longer. */
  signal: AbortSignal;
  /** Called after each failed write; `failures` in a row, from 1. */
  onFailure(error: unknown, failures: number): void;
}

/**
 * Repeats a write with back-off until it succeeds: a result in memory must not be lost because the store is
 * away. Null: `signal` was aborted first.
 */
export async function retryStoreWrite<T>(
  write: () => Promise<T>,
  { clock, signal, onFailure }: StoreRetry,
): Promise<T | null> {
  try {
    return await pRetry(() => write().catch(asPlainError), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 0,
      shouldRetry: () => !signal.aborted,
      onFailedAttempt: async ({ error, attemptNumber }) => {
        onFailure(error.cause, attemptNumber);
        await pause(clock, storeBackoff(attemptNumber), signal);
      },
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

/** The pause after a failed store call, in ms: 250, doubled per failure, at most 5,000. `failures` from 1. */
export function storeBackoff(failures: number): number {
  return Math.min(250 * 2 ** (failures - 1), 5_000);
}

/** p-retry gives up on a TypeError; but a database driver's TypeError must not lose a result. */
function asPlainError(cause: unknown): never {
  throw new Error("not written", { cause });
}
