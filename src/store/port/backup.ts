import type { Rows, Table } from "../rows.ts";
import type { Page, PageRequest } from "./paging.ts";

/** The whole store as it is at one moment, while writes go on. */
export interface Snapshot {
  /** The number of rows of each table. */
  counts(): Promise<Readonly<Record<Table, number>>>;
  /** Rows in the order that `Rows` gives. */
  rows<T extends Table>(table: T, page: PageRequest): Promise<Page<Rows[T]>>;
  /** The damage that the database itself reports, in its own words. */
  damage(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Backup {
  /** For an export or a check. The caller must close it. */
  snapshot(): Promise<Snapshot>;

  /**
   * Adds rows as a snapshot of any store gave them, in one transaction. Rows that exist stay as they are, so
   * that an import can be repeated. Returns the number of rows added. Nothing else may write at the same
   * time.
   *
   * @throws CountersignError `conflict` when another row has a row's key or position: the store was not
   * empty.
   */
  restore<T extends Table>(table: T, rows: readonly Rows[T][]): Promise<number>;
}
