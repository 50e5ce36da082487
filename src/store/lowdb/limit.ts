import { CountersignError } from "../../domain/errors.ts";
import { TABLES } from "../rows.ts";
import type { WorkingCopy } from "./working-copy.ts";

export interface Limit {
  file: string;
  maxEvents: number;
  maxBytes: number;
}

/** The part of the limit from which the file is nearly full. */
const NEARLY = 0.8;

/**
 * Refuses a write after which the file would be too long, or hold too many events. Duplicates are no new
 * events.
 *
 * @throws CountersignError `store_unavailable`; the caller rolls the write back.
 */
export function refuseGrowth(copy: WorkingCopy, newEvents: number, limit: Limit): void {
  const { file, maxEvents, maxBytes } = limit;
  if (newEvents > 0 && copy.events.size > maxEvents) throw full(file, `${grouped(maxEvents)} events`);
  if (lengthOf(copy) > maxBytes) throw full(file, `${grouped(maxBytes)} bytes`);
}

function full(file: string, limit: string): CountersignError {
  return new CountersignError(
    "store_unavailable",
    `the store ${file} is full: a lowdb store ends at ${limit}; move to sqlite, which has no such limit`,
  );
}

/**
 * To be called after each write of the file. `warn` is told once when the file is nearly full, and again only
 * after it was not.
 */
export function watchGrowth(
  copy: WorkingCopy,
  { file, maxEvents, maxBytes }: Limit,
  warn: (message: string) => void,
): () => void {
  let warned = false;
  return () => {
    const [events, bytes] = [copy.events.size / maxEvents, lengthOf(copy) / maxBytes];
    const isNearlyFull = Math.max(events, bytes) >= NEARLY;
    if (isNearlyFull && !warned) {
      const limit = events > bytes ? `${grouped(maxEvents)} events` : `${grouped(maxBytes)} bytes`;
      warn(
        `the store ${file} holds ${percent(Math.max(events, bytes))} of the ${limit} at which it takes no more: ` +
          "move to sqlite with `countersign export` and `countersign import`",
      );
    }
    warned = isNearlyFull;
  };
}

function lengthOf(copy: WorkingCopy): number {
  return TABLES.reduce((sum, name) => sum + copy[name].bytes, 0);
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}
