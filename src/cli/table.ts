import { inert } from "./inert.ts";

/** Rows with aligned columns, under a heading; the last column is as wide as it likes. What strangers wrote is shown inertly. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heading, ...rows.map((row) => row.map(inert))];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}

/** A count and its noun: `1 event`, `2 events`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A moment for people; `–` for none. */
export function moment(at: number | null): string {
  return at === null ? "–" : new Date(at).toISOString();
}
