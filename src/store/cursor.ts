import { CountersignError } from "../domain/errors.ts";
import type { ListRequest, Order, PageRequest } from "./port/paging.ts";
import type { PruneResult } from "./port/retention.ts";

/**
 * A page ends with the row that passes this length: bodies, documents and lists of ids have no bound of their
 * own, and a thousand of them would fill the memory.
 */
export const MAX_PAGE_BYTES = 4 * 1_024 ** 2;

/** The last row of a page, or the last one looked at. */
export interface Cursor {
  order: Order;
  position: number;
  /** The row's time, milliseconds since 1970, in a list in the order of times; null: in that of positions. */
  at: number | null;
}

const NEWEST = "n.";
const CURSOR = /^(n\.)?([0-9a-z]{1,11})(?:-([0-9a-z]{1,11}))?$/;

/**
 * The numbers in base 36: the position and, after a dash, the time if there is one. Newest first has `n.`
 * before.
 */
export function cursorOf({ order, position, at }: Cursor): string {
  const prefix = order === "newest" ? NEWEST : "";
  return `${prefix}${position.toString(36)}${at === null ? "" : `-${at.toString(36)}`}`;
}

/**
 * Where the page begins; null: at the start of the list. `byTime`: whether the list is in the order of times.
 *
 * @throws CountersignError `bad_request`: the cursor is none, or belongs to another list.
 */
export function startOf(
  { cursor: text, order = "oldest" }: Pick<ListRequest, "cursor" | "order">,
  { byTime }: { byTime: "always" | "perhaps" | "never" },
): Cursor | null {
  if (text === undefined) return null;
  const cursor = parseCursor(text);
  if (!cursor) throw refused("is not a cursor: use `next` of the page before");
  if (cursor.order !== order)
    throw refused(`belongs to a list with order=${cursor.order}: give that order, or leave the cursor out`);
  if (cursor.at !== null && byTime === "never")
    throw refused(
      "belongs to a list with `from`, `until` or `since`, or in the order of times: give it again",
    );
  if (cursor.at === null && byTime === "always")
    throw refused("belongs to a list in another order: leave the cursor out");
  return cursor;
}

function refused(why: string): CountersignError {
  return new CountersignError("bad_request", `cursor: ${why}`);
}

/** Null: the text is no cursor of a list. */
function parseCursor(text: string): Cursor | null {
  const [match, prefix, position = "", time] = CURSOR.exec(text) ?? [];
  if (match === undefined) return null;
  const cursor: Cursor = {
    order: prefix === undefined ? "oldest" : "newest",
    position: Number.parseInt(position, 36),
    at: time === undefined ? null : Number.parseInt(time, 36),
  };
  return Number.isSafeInteger(cursor.position) && Number.isSafeInteger(cursor.at ?? 0) ? cursor : null;
}

/** A cursor in the order of positions, oldest first. */
export function cursorAt(position: number): string {
  return cursorOf({ order: "oldest", position, at: null });
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
