import { type Clock, inTime } from "../domain/clock.ts";
import type { Rejection } from "../domain/receipt.ts";
import type { Store } from "../store/store.ts";

export interface RejectionsParts {
  store: Pick<Store, "reject">;
  clock: Clock;
  observe: RejectionsObserver;
}

export interface RejectionsObserver {
  /** Refused requests were dropped: too many were waiting, or the store failed. */
  dropped(reason: DropReason, count: number, error: unknown): void;
}

export const DROP_REASONS = ["queue_full", "store_failed"] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Stores refused requests in the background, without delay for their senders or for genuine requests. */
export interface Rejections {
  /** Resolves at once: the rejection is stored soon, or dropped and counted where too many are waiting. */
  add(rejection: Rejection, keep: number): Promise<void>;
  /** Resolves once all rejections added before are stored or dropped. */
  written(): Promise<void>;
  /** The same for all that are waiting, within `ms` milliseconds; the rest is dropped. */
  drain(ms: number): Promise<void>;
}

/**
 * Limits of the queue: anybody can send requests that are refused, so memory must not grow with their number.
 */
const MAX_WAITING = 500;
const MAX_WAITING_BYTES = 16 * 1_024 ** 2;
/** Limits of a batch, which shares a transaction. */
const MAX_BATCH = 50;
const MAX_BATCH_BYTES = 2 * 1_024 ** 2;

interface Waiting {
  rejection: Rejection;
  keep: number;
  bytes: number;
  done(): void;
}

/**
 * Writes one batch at a time, in the order added; each has the rejections that came meanwhile, within the
 * limits.
 */
export function createRejections({ store, clock, observe }: RejectionsParts): Rejections {
  const waiting: Waiting[] = [];
  let bytes = 0;
  let newest: Promise<void> = Promise.resolve();
  let writing = false;

  async function write(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      const batch = takeBatch(waiting);
      const results = await Promise.allSettled(
        batch.map(({ rejection, keep }) => store.reject(rejection, keep)),
      );
      const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (failed.length > 0) observe.dropped("store_failed", failed.length, failed[0]);
      settle(batch);
    }
    writing = false;
  }

  function settle(batch: readonly Waiting[]): void {
    for (const one of batch) {
      bytes -= one.bytes;
      one.done();
    }
  }

  function drop(): void {
    const left = waiting.splice(0);
    if (left.length > 0) observe.dropped("queue_full", left.length, null);
    settle(left);
  }

  return {
    async add(rejection, keep) {
      const size = sizeOf(rejection);
      const isFull = waiting.length >= MAX_WAITING || bytes + size > MAX_WAITING_BYTES;
      if (isFull && waiting.length > 0) return observe.dropped("queue_full", 1, null);
      const { promise, resolve } = Promise.withResolvers<void>();
      newest = promise;
      bytes += size;
      waiting.push({ rejection, keep, bytes: size, done: resolve });
      if (!writing) void write();
    },
    written: () => newest,
    async drain(ms) {
      await inTime(clock, ms, newest, undefined);
      drop();
    },
  };
}

function takeBatch(waiting: Waiting[]): readonly Waiting[] {
  let bytes = 0;
  const end = waiting.slice(0, MAX_BATCH).findIndex((one, i) => {
    bytes += one.bytes;
    return i > 0 && bytes > MAX_BATCH_BYTES;
  });
  return waiting.splice(0, end === -1 ? MAX_BATCH : end);
}

/** Roughly the bytes that it takes. */
function sizeOf({ body, query, headers }: Rejection): number {
  const texts = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  return (body?.byteLength ?? 0) + query.length + texts;
}
