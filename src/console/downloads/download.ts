import { stringify } from "csv-stringify/sync";
import { inert } from "../../domain/inert.ts";
import type { Page } from "../../store/port/paging.ts";
import { withoutEmpty } from "../fields.ts";
import type { Fields, Visit } from "../screen.ts";

/** All rows that a list's address asks for, as a file for spreadsheets. */
export interface Download {
  /** The path of the list with `.csv`. */
  path: string;
  /** Of the file, without its date. */
  name: string;
  /** The lines, page by page. The first `next()` rejects as the list does for a wrong query. */
  lines(visit: Visit): AsyncGenerator<string>;
}

export interface Column<Row> {
  heading: string;
  cell(row: Row): Cell;
}
type Cell = string | number | boolean | null | undefined;

interface Listed<Row> extends Pick<Download, "path" | "name"> {
  columns: readonly Column<Row>[];
  /** A page of the rows. `asked`: what the address asks for, with the cursor and length of the page. */
  find(visit: Visit, asked: Fields): Promise<Page<Row>>;
}

/** Rows of one page: one turn of the event loop, and the answer's memory. */
const PAGE = "500";

export function download<Row>({ path, name, columns, find }: Listed<Row>): Download {
  return {
    path,
    name,
    async *lines(visit) {
      const given = withoutEmpty(visit.query);
      let page = await find(visit, { ...given, limit: PAGE });
      // Spreadsheets take a file for UTF-8 only if it begins with this mark.
      yield `\ufeff${toCsv([columns.map(({ heading }) => heading)])}`;
      for (;;) {
        if (page.items.length > 0)
          yield toCsv(page.items.map((row) => columns.map(({ cell }) => shown(cell(row)))));
        if (page.next === null) return;
        page = await find(visit, { ...given, limit: PAGE, cursor: page.next });
      }
    },
  };
}

/**
 * The lines once the first of them are there. Rejects where these cannot be had: a page can still say so.
 * `failed` is told of an error among the later ones.
 */
export async function opened(
  lines: AsyncGenerator<string>,
  failed: (error: unknown) => void,
): Promise<AsyncIterable<string>> {
  const first = await lines.next();
  async function* all() {
    if (!first.done) yield first.value;
    try {
      yield* lines;
    } catch (error) {
      failed(error);
      throw error;
    }
  }
  return all();
}

/** RFC 4180. What a spreadsheet would run as a formula gets an apostrophe before it. */
function toCsv(rows: readonly (readonly Cell[])[]): string {
  return stringify(rows as Cell[][], { record_delimiter: "windows", escape_formulas: true });
}

function shown(cell: Cell): Cell {
  return typeof cell === "string" ? inert(cell) : cell;
}

/** Milliseconds since 1970 as ISO 8601. */
export function isoOf(at: number | null | undefined): string | null {
  return at === null || at === undefined ? null : new Date(at).toISOString();
}
