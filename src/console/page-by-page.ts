import type { Clock } from "../domain/clock.ts";
import type { Page } from "../store/port/paging.ts";

/** What ends a walk through a list before the list ends. */
export interface Limits {
  clock: Clock;
  maxRows: number;
  maxMs: number;
}

/**
 * Takes a list page by page, as much of it as an answer has time for. `cursor`: where to begin; undefined: at
 * the start. `take` gives the number of rows that the page stands for. The cursor of the rest; null: that was
 * all.
 */
export async function pageByPage<P extends Page<unknown>>(
  cursor: string | undefined,
  { clock, maxRows, maxMs }: Limits,
  find: (cursor: string | undefined) => Promise<P>,
  take: (page: P) => number | Promise<number>,
): Promise<string | null> {
  const end = clock.now() + maxMs;
  let rows = 0;
  let next: string | null = cursor ?? null;
  do {
    const page: P = await find(next ?? undefined);
    rows += await take(page);
    next = page.next;
  } while (next !== null && rows < maxRows && clock.now() < end);
  return next;
}
