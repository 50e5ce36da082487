import type { Snapshot } from "../store/port/backup.ts";
import type { Rows, Table } from "../store/rows.ts";

/**
 * How many rows are held in memory at a time: fewer of those with bodies, each of which may take megabytes.
 */
const PAGE_ROWS = 500;
const PAGE_ROWS_WITH_BODIES = 20;
const WITH_BODIES: ReadonlySet<Table> = new Set<Table>(["receipts", "rejections"]);

/** All rows of a table, page by page, behind `from` if that is given. */
export async function* pagesOf<T extends Table>(
  snapshot: Pick<Snapshot, "rows">,
  table: T,
  from?: string,
): AsyncGenerator<readonly Rows[T][]> {
  const limit = WITH_BODIES.has(table) ? PAGE_ROWS_WITH_BODIES : PAGE_ROWS;
  let cursor: string | null | undefined = from;
  while (cursor !== null) {
    const { items, next }: { items: readonly Rows[T][]; next: string | null } = await snapshot.rows(table, {
      cursor,
      limit,
    });
    if (items.length > 0) yield items;
    cursor = next;
  }
}
