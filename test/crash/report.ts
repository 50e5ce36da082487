import { table } from "../../src/cli/table.ts";
import { isClean, type Verdict } from "./oracle.ts";
import type { Recovery } from "./recovery.ts";

/** One line of the result: a store, or a fault. */
export interface Line {
  name: string;
  /** Null: it was skipped. */
  verdict: Verdict | null;
  /** Why it was skipped; null: it was not. */
  skipped: string | null;
  kills?: number;
  /** The longest time from a start until it was ready, in milliseconds. */
  slowest?: number;
  recovery?: Recovery;
}

const COUNTS = [
  ["posts", "posts"],
  ["taken", "got 200"],
  ["retried", "retried"],
  ["events", "events"],
  ["deliveries", "deliveries"],
  ["arrivals", "arrivals"],
  ["repeats", "repeats"],
  ["lost", "lost"],
  ["twice", "twice"],
  ["disordered", "disordered"],
  ["stuck", "stuck"],
  ["miscounted", "miscounted"],
] as const satisfies readonly (readonly [keyof Verdict, string])[];

/** For people. */
export function toTable(lines: readonly Line[]): string {
  const killed = lines.some(({ kills }) => kills !== undefined);
  const heading = [
    "",
    ...(killed ? ["kills"] : []),
    ...COUNTS.map(([, name]) => name),
    ...(killed ? ["slowest start", "measured", "first attempt p99", "longest"] : [""]),
  ];
  const rows = lines.map((line) => [
    line.name,
    ...(killed ? [String(line.kills)] : []),
    ...COUNTS.map(([key]) => (line.verdict ? grouped(line.verdict[key]) : "–")),
    ...ending(line),
  ]);
  return table(heading, rows);
}

function ending({ verdict, skipped, slowest, recovery }: Line): string[] {
  if (slowest !== undefined && recovery)
    return [seconds(slowest), grouped(recovery.measured), seconds(recovery.p99), seconds(recovery.longest)];
  if (!verdict) return [`skipped: ${skipped}`];
  return [isClean(verdict) ? "as promised" : "NOT AS PROMISED"];
}

/** For programs. */
export function toJson(lines: readonly Line[], seed: number): string {
  return `${JSON.stringify({ seed, lines }, null, 2)}\n`;
}

function seconds(ms: number | null): string {
  return ms === null ? "–" : `${(ms / 1_000).toFixed(2)} s`;
}

function grouped(count: number): string {
  return count.toLocaleString("en");
}
