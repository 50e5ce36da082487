import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { CollectorCalls } from "./children/collector.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { flood } from "./client.ts";
import { createRequests } from "./posts.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";

const CONNECTIONS = 16;
const WARM_UP = 2_000;
const EVENTS = 2_000;
const ROUNDS = 9;

/** A port that nothing listens on. */
const NOWHERE = "http://127.0.0.1:9";

/** What tracing costs a bridge that records and delivers as fast as it can: each kind of it in turn. */
export async function measureTraces(bench: Bench): Promise<Figure[]> {
  const collector = await bench.start<CollectorCalls>("collector").ask("start", null);
  const kinds = {
    off: await startBridge(bench, {}),
    traced: await startBridge(bench, { OTEL_EXPORTER_OTLP_ENDPOINT: collector }),
    down: await startBridge(bench, { OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE }),
    unsampled: await startBridge(bench, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_TRACES_SAMPLER: "always_off",
    }),
  };
  for (const run of Object.values(kinds)) await run(0, WARM_UP);
  const rounds = await bench.rounds(ROUNDS, async (number) => {
    const used = { off: 0, traced: 0, down: 0, unsampled: 0 };
    // Each round begins with another kind, so that none always follows the same.
    const names = Object.keys(used) as (keyof typeof used)[];
    for (let n = 0; n < names.length; n += 1) {
      const name = names[(number + n) % names.length] ?? "off";
      used[name] = await kinds[name](WARM_UP + number * EVENTS, EVENTS);
    }
    return used;
  });
  const ratio = (a: keyof typeof kinds, b: keyof typeof kinds) =>
    median(rounds.map((round) => round[a] / round[b]));
  const stage = `Traces: way in and delivery together, ${rounds.length} rounds of ${EVENTS.toLocaleString("en")} events`;
  const figure = (name: string, value: number, unit: string): Figure => ({
    stage,
    name,
    value,
    unit,
    target: null,
  });
  return [
    figure("CPU, off", median(rounds.map(({ off }) => off)), "seconds per 1,000 events"),
    figure("CPU, traced", median(rounds.map(({ traced }) => traced)), "seconds per 1,000 events"),
    figure("traced of off", ratio("traced", "off"), "×"),
    figure("unsampled of off", ratio("unsampled", "off"), "×"),
    { ...figure("collector down, of traced", ratio("down", "traced"), "×"), target: atMost(1.01) },
  ];
}

type Run = (first: number, count: number) => Promise<number>;

/** Resolves with the seconds of processor for 1,000 events. */
async function startBridge(bench: Bench, environment: Readonly<Record<string, string>>): Promise<Run> {
  const bridge = bench.start<BridgeCalls>("bridge");
  const receiver = bench.start<ReceiverCalls>("receiver");
  const url = await bridge.ask("start", {
    folder: await bench.newFolder(),
    destinations: [await receiver.ask("start", null)],
    ordering: "document",
    concurrency: 16,
    environment,
  });
  return async (first, count) => {
    const before = await bridge.ask("usage", null);
    await flood(url, CONNECTIONS, createRequests(first, count));
    const { times } = await receiver.ask("arrivals", { count, within: 30_000 });
    if (times.length !== count) throw new Error(`${times.length} of ${count} events arrived`);
    // The last results are still being settled.
    await sleep(100);
    const after = await bridge.ask("usage", null);
    return ((after.cpuSeconds - before.cpuSeconds) * 1_000) / count;
  };
}
