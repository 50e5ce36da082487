import type { Quantiles } from "./report.ts";

/** Of sorted numbers: the smallest that a share of them does not exceed; 0 where there are none. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? 0;
}

/** Null: there are none. */
export function quantilesOf(sorted: ArrayLike<number>): Quantiles | null {
  if (sorted.length === 0) return null;
  return {
    count: sorted.length,
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    p999: quantile(sorted, 0.999),
    max: quantile(sorted, 1),
  };
}
