import { setImmediate } from "node:timers/promises";
import type { Store } from "../store/store.ts";

/**
 * The store, of which each read of a list waits for its turn of the event loop: SQLite answers in the main
 * thread, and a page asks several questions. What else is due, such as webhooks, goes in between.
 */
export function politeStore(store: Store): Store {
  return { ...store, ...Object.fromEntries(READS.map((name) => [name, inTurn(store[name])])) };
}

const READS = [
  "findEvents",
  "findEvent",
  "findReceipts",
  "findReceipt",
  "listRejections",
  "findRejection",
  "findDocuments",
  "progressOf",
  "findDeliveries",
  "findDelivery",
  "findBlocking",
  "countUndelivered",
  "backlog",
  "tallies",
  "findAudit",
  "notes",
] as const satisfies readonly (keyof Store)[];

// biome-ignore lint/suspicious/noExplicitAny: the type of the store says what each read takes and gives
function inTurn(read: (...given: any[]) => Promise<unknown>): typeof read {
  return async (...given) => {
    await setImmediate();
    return read(...given);
  };
}
