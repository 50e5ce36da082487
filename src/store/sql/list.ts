import type { Column, DbRow } from "../columns.ts";
import { cursorOf, MAX_PAGE_BYTES } from "../cursor.ts";
import type { ListRequest, SearchedPage } from "../port/paging.ts";
import { ANY } from "./condition.ts";
import { joinApart, type Session, selectOf } from "./session.ts";
import {
  endOf,
  type KeyRow,
  keysOf,
  MAX_ROWS_LOOKED_AT,
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
  const window = windowOf(walk, checksRows ? MAX_ROWS_LOOKED_AT : page.limit + 1);
  const rows = await session.rows<ListedRow & { more: number | boolean }>(
    textOf(session, listing.columns, walk, window.sql),
    [...window.values, ...walk.checks.values, page.limit + 1, page.limit, MAX_PAGE_BYTES],
  );
  const items = rows.map(convert);
  const last = rows.at(-1);
  const { order } = walk;
  if (last?.more) return { items, next: cursorOf({ order, ...placeOf(last) }), searched: null };
  const end = checksRows ? await endOf(session, walk, window) : null;
  if (end?.looked !== MAX_ROWS_LOOKED_AT) return { items, next: null, searched: null };
  return { items, next: cursorOf({ order, ...end.last }), searched: end.looked };
}

const NOTHING = { items: [], next: null, searched: null };

function textOf(session: Session, columns: readonly Column[], walk: Walk, window: string): string {
  const { table, checks } = walk;
  const keys = keysOf(walk).join(", ");
  const order = orderOf(walk);
  const apart = joinApart(session.dialect, columns);
  return `with looked as (${window}), page as (
      select ${keys}, ${weightOf(columns)} as weight
      from looked join ${table} using (position)${apart} where ${checks.sql} order by ${order} limit ?
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

/**
 * The same of rows that a rule chooses and not the database. A page looks at as many rows as one without the
 * rule would have, of a thousand times the limit.
 */
export async function search<T>(
  session: Session,
  listing: Listing,
  page: ListRequest,
  choose: (row: DbRow) => T | null,
): Promise<SearchedPage<T>> {
  const looked = await list(session, listing, { ...page, limit: MAX_ROWS_LOOKED_AT }, (row) => row);
  const found = looked.items.flatMap((row) => {
    const item = choose(row);
    return item === null ? [] : [{ item, row }];
  });
  const shown = found.slice(0, page.limit);
  const items = shown.map(({ item }) => item);
  const last = shown.at(-1);
  if (last && found.length > page.limit) {
    const { order = "oldest" } = page;
    return { items, next: cursorOf({ order, ...placeOf(last.row) }), searched: null };
  }
  const searched = looked.next === null ? null : (looked.searched ?? looked.items.length);
  return { items, next: looked.next, searched };
}
