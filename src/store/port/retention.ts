/** The tables that are pruned, each with a retention of its own. */
export const PRUNABLE = [
  "receipts",
  "rejections",
  "events",
  "attempts",
  "documents",
  "audit",
  "tombstones",
  "tallies",
  "proofs",
] as const;
export type Prunable = (typeof PRUNABLE)[number];

/** One small step through a table, from its oldest row on. */
export interface PruneStep {
  table: Prunable;
  /** Rows older than this moment go, milliseconds since 1970. */
  before: number;
  /** The `next` of the step before; absent: from the oldest row. */
  cursor?: string | undefined;
  /** How many rows the step visits. */
  limit: number;
}

export interface PruneResult {
  /** The number of rows removed from the table. */
  pruned: number;
  /** The cursor of the next step; null: no older row is left. */
  next: string | null;
}

export interface Pruning {
  /**
   * Visits the next `limit` rows and removes those that are too old, in one transaction:
   * - `receipts` and `rejections` by the time they were received, but for receipts in shadow; `audit` by its
   *   time;
   * - `events` by the time they were recorded, with their deliveries, attempts and duplicates, unless a
   *   delivery is open. A tombstone with the event's id and dedupe keys stays, so that a repeat is still
   *   recognised;
   * - `attempts` by the time they began, unless their delivery is open;
   * - `documents`, with the links of their signers, by the time of the last report about them;
   * - `tombstones` by the time their event was recorded. After that a repeat is a new event;
   * - `tallies` by the end of their hour;
   * - `proofs` by the time they were made.
   */
  prune(step: PruneStep): Promise<PruneResult>;
}
