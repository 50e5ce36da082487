import { lineOf, type Row } from "./contents.ts";
import type { Journal } from "./journal.ts";

/** Rows by what else they are looked up by, in order. */
export interface Index<R extends Row> {
  of(key: string): readonly R[];
  add(row: R): void;
  remove(row: R): void;
}

/** Rows by key, in the order recorded. Every change follows into the indexes and the journal. */
export interface Table<R extends Row> extends Iterable<R> {
  readonly size: number;
  /** What its rows take in the file. */
  readonly bytes: number;
  get(key: string): R | undefined;
  /** @throws Error when there is one of this key already. */
  add(row: R): void;
  /** Adds the row, or puts it in the place of the one of the same key. */
  put(row: R): void;
  remove(row: R): void;
  /** The one of the same key. */
  sameAs(row: R): R | undefined;
}

type Order<R> = (a: R, b: R) => number;

const byPosition: Order<Row> = (a, b) => a.position - b.position;

/**
 * `order` must tell any two rows apart. Each key's rows are a sorted array: finding a place is a few comparisons, and moving up
 * those behind it is one copy in memory, which does not show up to a hundred thousand rows.
 */
export function createIndex<R extends Row>(
  keysOf: (row: R) => readonly string[],
  order: Order<R> = byPosition,
): Index<R> {
  const lists = new Map<string, R[]>();
  return {
    of: (key) => lists.get(key) ?? [],
    add(row) {
      for (const key of keysOf(row)) {
        const list = lists.get(key);
        if (list) list.splice(placeOf(list, row, order), 0, row);
        else lists.set(key, [row]);
      }
    },
    remove(row) {
      for (const key of keysOf(row)) {
        const list = lists.get(key);
        list?.splice(placeOf(list, row, order), 1);
        if (list?.length === 0) lists.delete(key);
      }
    },
  };
}

/** Where the row is in the list, or would be. */
function placeOf<R>(list: readonly R[], row: R, order: Order<R>): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const there = list[middle];
    if (there !== undefined && order(there, row) < 0) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function createTable<R extends Row>(
  kept: Iterable<R>,
  {
    dedupeKeyOf,
    indexes = [],
    journal,
  }: { dedupeKeyOf(row: R): string; indexes?: readonly Index<R>[]; journal: Journal },
): Table<R> {
  const rows = new Map<string, R>();
  let bytes = 0;
  let newest = 0;
  let ordered = true;

  function take(key: string): R | undefined {
    const row = rows.get(key);
    if (!row) return undefined;
    for (const index of indexes) index.remove(row);
    bytes -= sizeOf(row);
    return row;
  }

  /** In place of one of the same key, or at the end: also what is older, such as what comes back after it was removed. */
  function place(key: string, row: R): void {
    if (!rows.has(key)) {
      ordered &&= row.position >= newest;
      newest = Math.max(newest, row.position);
    }
    rows.set(key, row);
    for (const index of indexes) index.add(row);
    bytes += sizeOf(row);
  }

  function put(row: R): void {
    const key = dedupeKeyOf(row);
    const before = take(key);
    place(key, row);
    journal.note(() => {
      take(key);
      if (before) place(key, before);
      else rows.delete(key);
    });
  }

  /** However many are out of their order, they are put into it at once, when somebody looks. */
  function inOrder(): Map<string, R> {
    if (ordered) return rows;
    const sorted = [...rows].sort(([, a], [, b]) => byPosition(a, b));
    rows.clear();
    for (const [key, row] of sorted) rows.set(key, row);
    ordered = true;
    return rows;
  }

  for (const row of kept) place(dedupeKeyOf(row), row);

  return {
    get size() {
      return rows.size;
    },
    get bytes() {
      return bytes;
    },
    [Symbol.iterator]: () => inOrder().values(),
    get: (key) => rows.get(key),
    put,
    add(row) {
      if (rows.has(dedupeKeyOf(row))) throw new Error(`${dedupeKeyOf(row)} is kept already`);
      put(row);
    },
    remove(row) {
      const key = dedupeKeyOf(row);
      const before = take(key);
      rows.delete(key);
      if (before) journal.note(() => place(key, before));
    },
    sameAs: (row) => rows.get(dedupeKeyOf(row)),
  };
}

/** With the comma and the end of the line. */
function sizeOf(row: Row): number {
  return lineOf(row).length + 2;
}
