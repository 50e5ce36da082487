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

/** `oldest`: in the order recorded, oldest first; `newest`: the other way round. */
export const ORDERS = ["newest", "oldest"] as const;
export type Order = (typeof ORDERS)[number];

/** Asks for one page of a list in either order. A cursor belongs to one order. */
export interface ListRequest extends PageRequest {
  /** Absent: oldest. */
  order?: Order | undefined;
}

/** A page of a list for people, who want to know why it is short. */
export interface SearchedPage<T> extends Page<T> {
  /**
   * The number of rows that were looked at, where the page ended for that and not because it was full: `next`
   * goes on with the search. Null: it ended otherwise.
   */
  searched: number | null;
}

/**
 * From `from` on and before `until`, milliseconds since 1970; absent: no bound. A list with a bound may be in
 * the order of times, where that differs from the order recorded: a stored request that is processed again
 * keeps its time.
 */
export interface TimeRange {
  from?: number | undefined;
  until?: number | undefined;
}

/** Counts that must visit every row stop here: a larger number is of no use, and costs time. */
export const MAX_COUNT = 10_000;
