/**
 * Asks for one page of a list, in the order recorded. `cursor` is the `next` of the page before; absent: from
 * the start. A page may hold fewer than `limit` items, even none, and still have a `next`: it also ends after
 * a number of bytes or of rows looked at.
 */
export interface PageRequest {
  cursor?: string | undefined;
  limit: number;
}

export interface Page<T> {
  items: readonly T[];
  /** Cursor of the next page; null: this was the last. */
  next: string | null;
}

/** Counts that must visit every row stop here: a larger number is of no use, and costs time. */
export const MAX_COUNT = 10_000;
