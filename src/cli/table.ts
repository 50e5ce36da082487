import { inert } from "../domain/inert.ts";

/**
 * A heading and rows in aligned columns. Cells of the rows are shown inertly, since strangers may have
 * written them.
 */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return aligned([heading, ...rows.map((row) => row.map(inert))]);
}

/** The same without a heading; empty where there are no rows. */
export function columnsOf(rows: readonly (readonly string[])[]): string {
  return aligned(rows.map((row) => row.map(inert)));
}

/** One line per row; the last column is not padded. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** A moment as text; `–`: null. */
export function moment(at: number | null): string {
  return at === null ? "–" : new Date(at).toISOString();
}
