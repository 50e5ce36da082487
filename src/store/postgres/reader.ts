import { storableText } from "../../domain/text.ts";
import { after } from "../cursor.ts";
import type { Page, PageRequest } from "../port/paging.ts";
import { columns as asColumns, type Session } from "./session.ts";

/** What tells two rows of a table apart. */
export interface Key<T> {
  columns: readonly string[];
  type: "bigint" | "text";
  /** For which rows alone; absent: for all of them. */
  where?: string;
  /** Null: it is none of those rows. */
  of(kept: T): readonly (string | number)[] | null;
}

export interface Source<Row, T> {
  table: string;
  columns: string;
  /** Rows are in the order of the first, which all of them have. */
  keys: readonly [Key<T>, ...Key<T>[]];
  /** The rows with what else belongs to them. */
  show(rows: readonly Row[], session: Session): Promise<T[]> | T[];
}

/** Reads a table as it is written down outside of the database. */
export interface Reader<T> {
  page(session: Session, page: PageRequest): Promise<Page<T>>;
  /** What stands where any of these would stand. */
  inPlaceOf(session: Session, kept: readonly T[]): Promise<readonly T[]>;
  /** The places that it takes, none of which another row may have. */
  placesOf(kept: T): readonly string[];
}

export function createReader<Row, T>(source: Source<Row, T>): Reader<T> {
  const { table, columns, keys, show } = source;
  const [first] = keys;
  const names = first.columns.join(", ");
  const values = first.columns.map((_, i) => `$${i + 1}`).join(", ");
  const pages = `select ${columns} from ${table} where (${names}) > (${values}) order by ${names} limit $${first.columns.length + 1}`;
  const placesOf = (kept: T) => keys.flatMap((key, n) => placeOf(n, key.of(kept)));

  return {
    async page(session, page) {
      const rows = await session.rows<Row>(pages, [...startOf(first, page), page.limit + 1]);
      const items = await show(rows.slice(0, page.limit), session);
      const last = items.at(-1);
      return { items, next: rows.length > page.limit && last ? cursorOf(first, last) : null };
    },
    async inPlaceOf(session, kept) {
      const found = await Promise.all(keys.map((key) => lookUp(session, source, key, kept)));
      const shown = await show(found.flat(), session);
      return [...new Map(shown.map((one) => [placesOf(one)[0], one])).values()];
    },
    placesOf,
  };
}

function startOf<T>({ type, columns }: Key<T>, { cursor }: PageRequest): (string | number)[] {
  if (type === "bigint") return [after({ cursor })];
  return cursor === undefined ? columns.map(() => "") : JSON.parse(cursor);
}

function cursorOf<T>({ type, of }: Key<T>, last: T): string {
  const [only] = of(last) ?? [];
  return type === "bigint" ? Number(only).toString(36) : JSON.stringify(of(last));
}

/** As text, in the form in which the database keeps it. */
function placeOf(key: number, values: readonly (string | number)[] | null): string[] {
  return values ? [JSON.stringify([key, ...values.map((value) => storableText(String(value)))])] : [];
}

function lookUp<Row, T>(
  session: Session,
  { table, columns }: Source<Row, T>,
  key: Key<T>,
  kept: readonly T[],
): Promise<Row[]> {
  const given = key.columns.map((_, i) => `$${i + 1}::${key.type}[]`).join(", ");
  const same = key.columns.map((name) => `${table}.${name} = asked.${name}`).join(" and ");
  return session.rows<Row>(
    `select found.* from unnest(${given}) asked (${key.columns.join(", ")})
     cross join lateral (select ${columns} from ${table} where ${same} and ${key.where ?? "true"} limit 1) found`,
    asColumns(
      kept.flatMap((one) => [key.of(one) ?? []].filter(({ length }) => length > 0)),
      key.columns.length,
    ),
  );
}
