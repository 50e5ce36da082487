import { CountersignError } from "../../domain/errors.ts";
import type { Recorded } from "../store.ts";
import type { Tables } from "./tables.ts";

export interface Limit {
  file: string;
  maxEvents: number;
  maxBytes: number;
}

/**
 * Refuses what has just been recorded when the file would become longer than may be, or hold more events. Repeats are no new events.
 *
 * @throws CountersignError `store_unavailable`, upon which the recording is undone.
 */
export function refuseGrowth(tables: Tables, { events }: Recorded, limit: Limit): void {
  const { file, maxEvents, maxBytes } = limit;
  if (events.length > 0 && tables.events.size > maxEvents) throw full(file, `${grouped(maxEvents)} events`);
  if (lengthOf(tables) > maxBytes) throw full(file, `${grouped(maxBytes)} bytes`);
}

function full(file: string, limit: string): CountersignError {
  return new CountersignError(
    "store_unavailable",
    `the store ${file} is full: a lowdb store ends at ${limit}; move to sqlite, which has no such limit`,
  );
}

function lengthOf({ receipts, rejections, events, documents, links, deliveries, audit }: Tables): number {
  const tables = [receipts, rejections, events, documents, links, deliveries, audit];
  return tables.reduce((sum, { bytes }) => sum + bytes, 0);
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}
