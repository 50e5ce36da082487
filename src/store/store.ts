import type { Backup } from "./port/backup.ts";
import type { Control } from "./port/control.ts";
import type { Inbox } from "./port/inbox.ts";
import type { Notes } from "./port/notes.ts";
import type { Parity } from "./port/parity.ts";
import type { Queue } from "./port/queue.ts";
import type { Reads } from "./port/reads.ts";
import type { Pruning } from "./port/retention.ts";

/**
 * The store, in roles. Every adapter keeps the promises that the roles state, and test/store/contract.ts
 * tests each of them. A promise that resolves has been carried out on disk; one that rejects has changed
 * nothing. When the database cannot be reached or written to, calls reject with a CountersignError of code
 * `store_unavailable`, and later calls may succeed.
 */
export interface Store extends Inbox, Queue, Reads, Control, Notes, Parity, Pruning, Backup {
  /** Resolves when the store can be written to at this moment, rejects otherwise. */
  probe(): Promise<void>;

  /** Finishes what was begun and closes. No call may follow. */
  close(): Promise<void>;
}
