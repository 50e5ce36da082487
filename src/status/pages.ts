import { setImmediate } from "node:timers/promises";
import type { ListRequest, Page } from "../store/port/paging.ts";

/** Rows that are read at once: other work has its turn before the next. */
const PAGE = 250;

/** The rows of a list, newest first, as many as are wanted. */
export async function newestOf<T>(
  fetch: (page: ListRequest) => Promise<Page<T>>,
  most: number,
  maxPages = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const limit = Math.min(PAGE, most - rows.length);
    const page = await fetch({ cursor, limit, order: "newest" });
    rows.push(...page.items);
    if (page.next === null || rows.length >= most) break;
    cursor = page.next;
    await setImmediate();
  }
  return rows;
}
