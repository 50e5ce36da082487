import { pino } from "pino";
import { createLog } from "../../src/log/log.ts";
import { createObservers } from "../../src/observe/observers.ts";
import { createMetrics } from "../../src/web/metrics.ts";
import { NEW_YEAR } from "../support/builders.ts";
import { createManualClock } from "../support/clock.ts";

/** Every observer, with the lines and the metrics that they write. */
export function createWitness() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  const metrics = createMetrics({
    version: "0",
    clock: createManualClock(NEW_YEAR),
    backlog: async () => [],
    problems: async () => 0,
    concerns: async () => [],
    proofs: async () => [],
    states: () => [],
  });
  let now = NEW_YEAR;
  return {
    lines,
    observers: createObservers({ log: createLog(logger), metrics, now: () => now }),
    scrape: async () => (await metrics.scrape()).text,
    advance(ms: number) {
      now += ms;
    },
  };
}
