import type { Page, PageRequest } from "./port/paging.ts";
import type { PruneResult } from "./port/retention.ts";

/**
 * A page ends with the row that passes this length: bodies, documents and lists of ids have no bound of their
 * own, and a thousand of them would fill the memory.
 */
export const MAX_PAGE_BYTES = 4 * 1_024 ** 2;

/** A cursor is the position of the last row of a page, base 36. */
export function cursorAt(position: number): string {
  return position.toString(36);
}

export function after({ cursor }: Pick<PageRequest, "cursor">): number {
  return cursor === undefined ? 0 : Number.parseInt(cursor, 36);
}

export function nextOf(rows: readonly { position: number }[], { limit }: PageRequest): string | null {
  const last = rows[limit - 1];
  return rows.length > limit && last ? cursorAt(last.position) : null;
}

/**
 * The cursor after a step of pruning that visited these rows. A step ends the walk when fewer than `limit`
 * rows were left, or when the oldest come first (`ordered`) and none of those visited was old enough.
 */
export function nextStep(
  visited: readonly { position: number }[],
  { limit }: Pick<PageRequest, "limit">,
  { foundOld, ordered }: { foundOld: boolean; ordered: boolean },
): string | null {
  const last = visited[limit - 1];
  return last && (foundOld || !ordered) ? cursorAt(last.position) : null;
}

/** The same where each step removes the oldest rows, as many as it visits: the next begins as it did. */
export function nextOfOldest(pruned: number, limit: number): PruneResult {
  return { pruned, next: pruned === limit ? cursorAt(0) : null };
}

export function toPage<Row extends { position: number }, T>(
  { rows, more }: { rows: readonly Row[]; more: boolean },
  convert: (row: Row) => T,
): Page<T> {
  const last = rows.at(-1);
  return { items: rows.map(convert), next: more && last ? cursorAt(last.position) : null };
}
