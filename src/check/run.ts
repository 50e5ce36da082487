import { pagesOf } from "../backup/pages.ts";
import type { Snapshot } from "../store/port/backup.ts";
import type { Table } from "../store/rows.ts";
import { type Consistency, createConsistency, type Memory, READ } from "./rules.ts";

/** Who is told of what is found. */
export interface Witness {
  /** Something is wrong: a sentence with ids, and without personal data. */
  fault(sentence: string): void;
  /** So many rows more were looked at. False: that is enough. */
  looked(rows: number): boolean;
}

/**
 * Reads a store from end to end, and tells what the database itself finds damaged and what does not fit together. False: the
 * witness had enough before.
 *
 * @throws CountersignError `store_unavailable` when it cannot be read for a reason that has nothing to do with its rows.
 */
export async function examine(snapshot: Snapshot, memory: Memory, witness: Witness): Promise<boolean> {
  for (const sentence of await snapshot.damage()) witness.fault(`the database: ${sentence}`);
  const rules = createConsistency(memory);
  for (const table of READ) if (!(await lookThrough(table, snapshot, rules, witness))) return false;
  for (const sentence of rules.end()) witness.fault(sentence);
  return true;
}

async function lookThrough<T extends Table>(
  table: T,
  snapshot: Snapshot,
  rules: Consistency,
  witness: Witness,
): Promise<boolean> {
  const look = rules.look[table];
  let rows = 0;
  try {
    for await (const page of pagesOf(snapshot, table)) {
      if (look) for (const sentence of page.flatMap(look)) witness.fault(sentence);
      rows += page.length;
      if (!witness.looked(page.length)) return false;
    }
  } catch (error) {
    await snapshot.counts().catch(() => {
      throw error;
    });
    rules.isPartial(table);
    witness.fault(`the table ${table} cannot be read further than its first ${rows} rows`);
  }
  return true;
}
