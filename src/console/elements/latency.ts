import { formatDuration } from "../../domain/quantity.ts";
import { LATENCY_BOUNDS_MS, LATENCY_BUCKETS } from "../../domain/tally.ts";
import { type Html, html } from "../html.ts";

/** How long attempts took, by the buckets in which they are counted: half of them, and all but one in 100. */

export interface Latency {
  /** The start of the time, milliseconds since 1970. */
  hour: number;
  /** Index of the bucket that the median is in; null: there was no attempt. */
  half: number | null;
  /** The same for the 99th percentile. */
  most: number | null;
}

/** The buckets of several tallies, added up. */
export function bucketsOf(tallies: readonly { latency: readonly number[] }[]): number[] {
  const sums: number[] = [];
  for (const { latency } of tallies)
    for (const [bucket, count] of latency.entries()) sums[bucket] = (sums[bucket] ?? 0) + count;
  return sums;
}

/** The bucket of a quantile; null: the buckets are empty. */
export function bucketAt(buckets: readonly number[], quantile: number): number | null {
  const count = buckets.reduce((sum, one) => sum + one, 0);
  if (count === 0) return null;
  const rank = Math.ceil(count * quantile);
  let seen = 0;
  return buckets.findIndex((one) => {
    seen += one;
    return seen >= rank;
  });
}

/** `at most 250 ms`, since a bucket tells no more than its bounds. */
export function latencyText(bucket: number | null): string {
  if (bucket === null) return "–";
  const bound = LATENCY_BOUNDS_MS[bucket];
  return bound === undefined ? `over ${boundText(LATENCY_BOUNDS_MS.length - 1)}` : `≤ ${boundText(bucket)}`;
}

function boundText(bucket: number): string {
  const ms = LATENCY_BOUNDS_MS[bucket] ?? 0;
  if (ms < 1_000) return `${ms} ms`;
  return ms % 1_000 === 0 ? formatDuration(ms).replace(/(\d)([a-z])/, "$1 $2") : `${ms / 1_000} s`;
}

const STEP = 7;
const LEFT = 44;
/** Marked at the side. */
const MARKED = [0, 2, 5, 8];

/** For each time a line from the median to the 99th percentile, with a mark at the median. */
export function latencyChart(label: string, times: readonly Latency[], bar: number): Html {
  const height = LATENCY_BUCKETS * STEP + 6;
  const width = LEFT + times.length * bar;
  const y = (bucket: number) => height - 4 - bucket * STEP;
  return html`<svg class="chart plot" role="img" aria-label="${label}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><title>${label}</title>
${MARKED.map((bucket) => html`<line class="base" x1="${LEFT}" x2="${width}" y1="${y(bucket)}" y2="${y(bucket)}"/><text x="0" y="${y(bucket) + 3}">${boundText(bucket)}</text>`)}
${times.map(({ half, most }, index) => {
  if (half === null || most === null) return "";
  const x = LEFT + index * bar + bar / 2;
  return html`<line class="range" x1="${x}" x2="${x}" y1="${y(half)}" y2="${y(most)}"/><circle class="mark" cx="${x}" cy="${y(half)}" r="2.5"/>`;
})}</svg>`;
}
