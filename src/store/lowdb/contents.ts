import type { Rows, Table } from "../rows.ts";

/** A row as it was read from the file, or its line there with the end of the line before. */
export type Entry<T extends Table> = Rows[T] | Buffer;

/** What the file holds. */
export type Contents = { readonly [T in Table]: Iterable<Entry<T>> } & {
  /** Of the newest row of any table, also of one that was removed. */
  readonly position: number;
};

/** In the order in which a person finds it there. */
export const EMPTY: Contents = {
  position: 0,
  destinations: [],
  audit: [],
  documents: [],
  links: [],
  events: [],
  deliveries: [],
  receipts: [],
  rejections: [],
  tombstones: [],
  tallies: [],
  notes: [],
  proofs: [],
  exceptions: [],
};

/** Ends the line before a row. The first of a table goes without the comma. */
const BETWEEN = ",\n";

export function lineOf(entry: object): Buffer {
  return Buffer.isBuffer(entry) ? entry : Buffer.from(`${BETWEEN}${JSON.stringify(entry)}`);
}

export function rowOf<T extends Table>(entry: Entry<T>): Rows[T] {
  return Buffer.isBuffer(entry) ? JSON.parse(entry.toString("utf8", BETWEEN.length)) : entry;
}
