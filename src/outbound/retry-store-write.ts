import pRetry from "p-retry";
import { type Clock, pause } from "../domain/clock.ts";

/** How to go on while the store does not take what it is given. */
export interface StoreRetry {
  clock: Clock;
  /** Aborted: nothing more can be waited for. */
  signal: AbortSignal;
  /** Called at each refusal; `failures` in a row, from 1. */
  onFailure(error: unknown, failures: number): void;
}

/**
 * Writes until it is written: an answer in hand must not be lost because the store is away. Null when `signal` was
 * aborted before.
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

/** Pauses while the store is away, in milliseconds: ¼, ½, 1, 2, 4, then every 5 seconds. `failures` from 1. */
export function storeBackoff(failures: number): number {
  return Math.min(250 * 2 ** (failures - 1), 5_000);
}

/** p-retry gives up on a TypeError, taking it for a mistake of ours; but what a database driver throws must not lose an answer. */
function asPlainError(cause: unknown): never {
  throw new Error("not written", { cause });
}
