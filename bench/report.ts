/** One line of the result. */
export interface Figure {
  stage: string;
  name: string;
  value: number;
  unit: string;
  /** Null: reported, not judged. */
  target: Target | null;
}

export interface Target {
  /** Whether the value must not be below the limit or not above it. */
  kind: "at least" | "at most";
  limit: number;
}

export const atLeast = (limit: number): Target => ({ kind: "at least", limit });
export const atMost = (limit: number): Target => ({ kind: "at most", limit });

/** Null where there is no target. A value that could not be measured (NaN) meets none. */
export function isMet({ value, target }: Figure): boolean | null {
  if (!target) return null;
  return target.kind === "at least" ? value >= target.limit : value <= target.limit;
}

export function isAnyMissed(figures: readonly Figure[]): boolean {
  return figures.some((figure) => isMet(figure) === false);
}

const HEAD = ["", "measured", "", "target", ""];

/** For people. */
export function toTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    format(figure.value),
    figure.unit,
    figure.target ? `${figure.target.kind} ${figure.target.limit}` : "–",
    { true: "met", false: "MISSED", null: "" }[String(isMet(figure)) as "true" | "false" | "null"],
  ]);
  const widths = HEAD.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();

  const lines = [line(HEAD)];
  for (const [index, figure] of figures.entries()) {
    if (figure.stage !== figures[index - 1]?.stage) lines.push("", figure.stage);
    lines.push(line(rows[index] ?? []));
  }
  return lines.join("\n");
}

/** For programs. */
export function toJson(figures: readonly Figure[], machine: object): string {
  const shown = figures.map((figure) => ({
    ...figure,
    value: Number.isFinite(figure.value) ? figure.value : null,
    met: isMet(figure),
  }));
  return JSON.stringify({ machine, figures: shown }, null, 2);
}

function format(value: number): string {
  if (!Number.isFinite(value)) return "none";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(2);
}
