import type { Column, DbRow } from "../columns.ts";
import { cursorOf, MAX_PAGE_BYTES } from "../cursor.ts";
import type { ListRequest, SearchedPage } from "../port/paging.ts";
import { ANY } from "./condition.ts";
import { joinApart, type Session, selectOf } from "./session.ts";
import {
  checkOf,
  endOf,
  type KeyRow,
  keysOf,
  orderOf,
  placeOf,
  planWalk,
  type Selection,
  type Walk,
  windowOf,
} from "./walk.ts";

export interface Listing extends Selection {
  columns: readonly Column[];
}

/** A row with its place in the list. */
type ListedRow = DbRow & KeyRow;

/**
 * A page of a table. Names only the columns that are asked for, so that their index is used.
 *
 * Rows are weighed where they lie, and only those of the page are read: bodies, documents and lists of ids
 * have no bound of their own.
 *
 * In PostgreSQL several transactions are under way at a time, so a row may appear a moment later below one
 * that was shown already. No row of a document is missed: its lane is locked until they are committed. A
 * caller that must miss nothing of any document reads the pages of the last seconds again.
 */
export async function list<T>(
  session: Session,
  listing: Listing,
  page: ListRequest,
  convert: (row: ListedRow) => T,
): Promise<SearchedPage<T>> {
  if (listing.ways?.length === 0) return NOTHING;
  const walk = await planWalk(session, listing, page);
  const checksRows = walk.checks !== ANY;
  const window = windowOf(session, walk, checksRows ? walk.maxRows : page.limit + 1);
  const rows = await session.rows<ListedRow & { more: number | boolean }>(
    textOf(session, listing.columns, walk, window.sql),
    [...window.values, ...walk.checks.values, page.limit + 1, page.limit, MAX_PAGE_BYTES],
  );
  const items = rows.map(convert);
  const last = rows.at(-1);
  const { order } = walk;
  if (last?.more) return { items, next: cursorOf({ order, ...placeOf(last) }), searched: null };
  const end = checksRows ? await endOf(session, walk, window) : null;
  if (end?.looked !== walk.maxRows) return { items, next: null, searched: null };
  return { items, next: cursorOf({ order, ...end.last }), searched: end.looked };
}

const NOTHING = { items: [], next: null, searched: null };

function textOf(session: Session, columns: readonly Column[], walk: Walk, window: string): string {
  const { table } = walk;
  const keys = keysOf(walk).join(", ");
  const order = orderOf(walk);
  const apart = joinApart(session.dialect, columns);
  return `with looked as (${window}), page as (
      select ${keys}, ${weightOf(columns)} as weight
      from looked join ${table} using (position)${apart} where ${checkOf(walk).sql} order by ${order} limit ?
    ), shown as (
      select ${keys} from (
        select ${keys}, row_number() over w as n, sum(weight) over w - weight as before
        from page window w as (order by ${order} rows unbounded preceding)
      ) weighed
      where n <= ? and before <= ?
    )
    select ${keys}, ${selectOf(session.dialect, columns)},
      (select count(*) from page) > (select count(*) from shown) as more
    from shown join ${table} using (position)${apart} order by ${order}`;
}

/** The length of a row's texts and bytes. */
function weightOf(columns: readonly Column[]): string {
  const stored = columns.filter(({ computed }) => computed === undefined);
  const long = stored.filter(({ type }) => type === "text" || type === "bytes");
  return ["0", ...long.map(({ name }) => `coalesce(octet_length(${name}), 0)`)].join(" + ");
}

/** The most rows of a page that a rule is asked about: each is read and perhaps parsed. */
const MAX_ROWS_SEARCHED = 2_500;

/** A page of the rows of which a rule makes an item: of null it makes none. */
export async function search<T>(
  session: Session,
  listing: Listing,
  page: ListRequest,
  choose: (row: DbRow) => T | null,
): Promise<SearchedPage<T>> {
  const items: T[] = [];
  let searched = 0;
  let cursor = page.cursor;
  let last: KeyRow | null = null;
  // Few rows at first: most of them may belong to the page.
  for (let limit = page.limit + 1; ; limit = Math.min(4 * limit, MAX_ROWS_SEARCHED - searched)) {
    const some = await list(session, listing, { ...page, cursor, limit }, (row) => row);
    for (const row of some.items) {
      const item = choose(row);
      if (item === null) continue;
      if (last && items.length === page.limit)
        return { items, next: cursorOf({ order: page.order ?? "oldest", ...placeOf(last) }), searched: null };
      items.push(item);
      last = row;
    }
    searched += some.searched ?? some.items.length;
    if (some.next === null) return { items, next: null, searched: null };
    // It ended before for the rows looked at, or for their bytes.
    if (some.items.length < limit || searched >= MAX_ROWS_SEARCHED)
      return { items, next: some.next, searched };
    cursor = some.next;
  }
}
