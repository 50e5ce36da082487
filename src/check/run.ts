import { pagesOf } from "../backup/pages.ts";
import type { Snapshot } from "../store/port/backup.ts";
import type { Table } from "../store/rows.ts";
import { CHECK_ORDER, createRowRules, type RetentionLimits, type RowRules } from "./rules.ts";

/** Notified while a store is checked. */
export interface CheckObserver {
  /** A fault: a sentence with ids, without personal data. */
  fault(sentence: string): void;
  /** The number of rows checked since the last call. Returns false to stop. */
  progress(rows: number): boolean;
}

/**
 * Reads a store from end to end, and reports damage that the database finds and rows that contradict each
 * other. False: the observer stopped it.
 *
 * @throws CountersignError `store_unavailable` when the store cannot be read for a reason other than its
 *   rows.
 */
export async function checkStore(
  snapshot: Snapshot,
  limits: RetentionLimits,
  observer: CheckObserver,
): Promise<boolean> {
  for (const sentence of await snapshot.damage()) observer.fault(`the database: ${sentence}`);
  const rules = createRowRules(limits);
  for (const table of CHECK_ORDER) if (!(await checkTable(table, snapshot, rules, observer))) return false;
  for (const sentence of rules.end()) observer.fault(sentence);
  return true;
}

async function checkTable<T extends Table>(
  table: T,
  snapshot: Snapshot,
  rules: RowRules,
  observer: CheckObserver,
): Promise<boolean> {
  const check = rules.check[table];
  let rows = 0;
  try {
    for await (const page of pagesOf(snapshot, table)) {
      if (check) for (const sentence of page.flatMap(check)) observer.fault(sentence);
      rows += page.length;
      if (!observer.progress(page.length)) return false;
    }
  } catch (error) {
    await snapshot.counts().catch(() => {
      throw error;
    });
    rules.isPartial(table);
    observer.fault(`the table ${table} cannot be read beyond its first ${rows} rows`);
  }
  return true;
}
