import type { Column, DbRow } from "../columns.ts";
import { after, cursorAt, MAX_PAGE_BYTES, toPage } from "../cursor.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import { joinApart, type Session, selectOf, type Value } from "./session.ts";

/** Columns and the values that they must have; undefined: any. */
export type Equal = Readonly<Record<string, string | undefined>>;

export interface Listing {
  table: string;
  columns: readonly Column[];
  /** Conditions that one index answers in the order of positions. */
  indexed?: Equal;
  /** The same, as SQL: the condition of a partial index. */
  where?: readonly string[];
  /** Conditions that no index answers. */
  others?: Equal;
}

/**
 * A page looks at no more rows than this: a search for rare rows takes several pages, and other work has its
 * turn in between.
 */
export const MAX_ROWS_LOOKED_AT = 5_000;

/**
 * A page of a table in the order of positions. Names only the columns that are asked for, so that their index
 * is used.
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
  page: PageRequest,
  convert: (row: DbRow) => T,
): Promise<Page<T>> {
  const { table, columns } = listing;
  const apart = joinApart(session.dialect, columns);
  const search = searchOf(listing, apart, page);
  const rows = await session.rows<DbRow & { position: number; more: number | boolean }>(
    `with page as (
       select position, ${weightOf(columns)} as weight ${search.from} order by position limit ?
     ), shown as (
       select position from (
         select position, row_number() over w as n, sum(weight) over w - weight as before
         from page window w as (order by position rows unbounded preceding)
       ) weighed
       where n <= ? and before <= ?
     )
     select position, ${selectOf(session.dialect, columns)},
       (select count(*) from page) > (select count(*) from shown) as more
     from shown join ${table} using (position)${apart} order by position`,
    [...search.values, page.limit + 1, page.limit, MAX_PAGE_BYTES],
  );
  const { items, next } = toPage({ rows, more: Boolean(rows[0]?.more) }, convert);
  return { items, next: next ?? (await search.end(session)) };
}

/** The length of a row's texts and bytes. */
function weightOf(columns: readonly Column[]): string {
  const stored = columns.filter(({ computed }) => computed === undefined);
  const long = stored.filter(({ type }) => type === "text" || type === "bytes");
  return ["0", ...long.map(({ name }) => `coalesce(octet_length(${name}), 0)`)].join(" + ");
}

/** The rows to look through, as a `from` clause, and where a search that found no full page stopped. */
function searchOf(
  { table, indexed = {}, where = [], others = {} }: Listing,
  apart: string,
  page: PageRequest,
) {
  const [inIndex, beside] = [given(indexed), given(others)];
  const conditions = ["position > ?", ...where, ...inIndex.columns].join(" and ");
  const start: Value[] = [after(page), ...inIndex.values];
  if (beside.columns.length === 0)
    return { from: `from ${table}${apart} where ${conditions}`, values: start, end: async () => null };

  const window = windowOf(table, conditions);
  return {
    from: `from (${window}) looked join ${table} using (position)${apart}
       where ${beside.columns.join(" and ")}`,
    values: [...start, ...beside.values],
    end: (session: Session) => endOf(session, window, start),
  };
}

/** The next rows of a table, as many as a page looks at. */
export function windowOf(table: string, conditions: string): string {
  return `select position from ${table} where ${conditions} order by position limit ${MAX_ROWS_LOOKED_AT}`;
}

/** The cursor after a window; null: it holds the last rows of the table. */
export async function endOf(
  session: Session,
  window: string,
  values: readonly Value[],
): Promise<string | null> {
  const [row] = await session.rows<{ looked: number; last: number }>(
    `select count(*) as looked, max(position) as last from (${window}) looked`,
    values,
  );
  return row?.looked === MAX_ROWS_LOOKED_AT ? cursorAt(row.last) : null;
}

function given(equal: Equal): { columns: string[]; values: string[] } {
  const entries = Object.entries(equal).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { columns: entries.map(([column]) => `${column} = ?`), values: entries.map(([, value]) => value) };
}
