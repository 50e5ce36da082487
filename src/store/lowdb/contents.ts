import type { Rows as StoredRows, Table } from "../rows.ts";

/** Whatever is kept: never changed, only replaced. `position` gives the order recorded, and is what cursors point at. */
export interface Row {
  position: number;
}

/** Rows lie in the file as they are in an export; those that have no position there have one here. */
export type RowOf<T extends Table> = StoredRows[T] & Row;
export type Rows = { readonly [T in Table]: RowOf<T> };

/** What the file holds. */
export type Contents = { readonly [T in Table]: Iterable<Rows[T]> } & {
  /** Of the newest row. */
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
};

const lines = new WeakMap<Row, Buffer>();

/** The row as it stands in the file. It is turned into bytes once, however often the file is written: most never change again. */
export function lineOf(row: Row): Buffer {
  const known = lines.get(row);
  if (known !== undefined) return known;
  const line = Buffer.from(JSON.stringify(row));
  lines.set(row, line);
  return line;
}
