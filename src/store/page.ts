import type { Page, PageRequest } from "./store.ts";

/** A cursor is the position of the last row shown, base 36. */
export function cursorAt(position: number): string {
  return position.toString(36);
}

export function after({ cursor }: Pick<PageRequest, "cursor">): number {
  return cursor === undefined ? 0 : Number.parseInt(cursor, 36);
}

/** One row more than asked for says that there is a next page. */
export function toPage<Row extends { position: number }, T>(
  rows: readonly Row[],
  page: PageRequest,
  convert: (row: Row) => T,
): Page<T> {
  return { items: rows.slice(0, page.limit).map(convert), next: nextOf(rows, page) };
}

export function nextOf(rows: readonly { position: number }[], { limit }: PageRequest): string | null {
  const last = rows[limit - 1];
  return rows.length > limit && last ? cursorAt(last.position) : null;
}
