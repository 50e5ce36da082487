/** A table of Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** A bar would end the cell, and an angle bracket outside of code would begin a tag. */
const escapeCell = (text: string) => text.replaceAll("|", "\\|");

export const code = (text: string) => `\`${text}\``;
