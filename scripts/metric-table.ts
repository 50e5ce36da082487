import { createMetrics } from "../src/web/metrics.ts";
import { code, table } from "./markdown.ts";

/** The table of docs/metrics.md: every metric with its type, labels and help text. */
export function metricTable(): string {
  const { definitions } = createMetrics({
    version: "",
    clock: { now: () => 0, elapsed: () => 0, after: () => () => {} },
    backlog: async () => [],
    problems: async () => 0,
    concerns: async () => [],
    proofs: async () => [],
    states: () => [],
  });
  const rows = definitions.map(({ name, type, labelNames, help }) => [
    code(name),
    type,
    labelNames.map(code).join(", ") || "–",
    help,
  ]);
  return table(["metric", "type", "labels", "meaning"], rows);
}
