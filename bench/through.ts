import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { drip, flood } from "./client.ts";
import { createRequests, EVENTS_PER_DOCUMENT, eventIdOf } from "./posts.ts";
import { atMost, type Figure } from "./report.ts";
import { percentile } from "./statistics.ts";

/** A bridge with a destination that answers, and with `hanging` another one that never does. */
async function startBridge(bench: Bench, hanging = false) {
  const bridge = bench.start<BridgeCalls>("bridge");
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destination = await receiver.ask("start", null);
  const folder = await bench.newFolder();
  const url = await bridge.ask("start", {
    folder,
    destinations: hanging ? [destination, `${destination}/hang`] : [destination],
    ordering: "document",
    concurrency: 16,
  });
  return { bridge, receiver, url };
}

const PER_SECOND = 200;
const WARM_UP = 400;
const EVENTS = 1_600;
const ARRIVAL_TIMEOUT_MS = 5_000;

/** The delay from the 200 to the receiver, alone and beside a destination that hangs at its limit. */
export async function measureLatency(bench: Bench): Promise<Figure[]> {
  const alone = await measureDelays(bench, false);
  const beside = await measureDelays(bench, true);
  const stage = `From the 200 to the receiver, ${PER_SECOND} events/s, ${EVENTS.toLocaleString("en")} events`;
  const figure = (name: string, value: number, unit: string, limit: number): Figure => ({
    stage,
    name,
    value,
    unit,
    target: atMost(limit),
  });
  return [
    figure("p50", percentile(alone, 0.5), "ms", 3),
    figure("p99", percentile(alone, 0.99), "ms", 15),
    figure("p99 beside one that hangs, of alone", percentile(beside, 0.99) / percentile(alone, 0.99), "×", 2),
  ];
}

/** Milliseconds, at a steady pace, each event of another document. A missing event is infinitely late. */
async function measureDelays(bench: Bench, hanging: boolean): Promise<number[]> {
  const { receiver, url } = await startBridge(bench, hanging);
  const numbers = Array.from({ length: WARM_UP + EVENTS }, (_, index) => index * EVENTS_PER_DOCUMENT);
  const requests = numbers.flatMap((number) => createRequests(number, 1));
  const { answeredAt } = await drip(url, PER_SECOND, requests);
  const { ids, times } = await receiver.ask("arrivals", {
    count: requests.length,
    within: ARRIVAL_TIMEOUT_MS,
  });
  const arrivedAt = new Map(ids.map((id, index) => [id, times[index] ?? Number.NaN]));
  const delays = numbers.map((number, index) => {
    const arrived = arrivedAt.get(eventIdOf(number)) ?? Number.POSITIVE_INFINITY;
    return arrived - (answeredAt[index] ?? Number.NaN);
  });
  return delays.slice(WARM_UP);
}

const LOAD = 3_000;
const LOAD_WARM_UP = 1_000;
const LOAD_CONNECTIONS = 16;

/** The cost of recording and delivering events at the same time, as fast as possible. */
export async function measureCost(bench: Bench): Promise<Figure[]> {
  const { bridge, receiver, url } = await startBridge(bench);
  const run = async (first: number, count: number) => {
    await flood(url, LOAD_CONNECTIONS, createRequests(first, count));
    const { times } = await receiver.ask("arrivals", { count, within: 30_000 });
    if (times.length !== count) throw new Error(`${times.length} of ${count} events arrived`);
    // The last results are still being settled.
    await sleep(100);
    return bridge.ask("usage", null);
  };
  const before = await run(0, LOAD_WARM_UP);
  const after = await run(LOAD_WARM_UP, LOAD);
  const stage = `Cost: way in and delivery together, ${LOAD.toLocaleString("en")} events as fast as possible`;
  const figure = (name: string, value: number, unit: string): Figure => ({
    stage,
    name,
    value,
    unit,
    target: null,
  });
  return [
    figure("CPU", ((after.cpuSeconds - before.cpuSeconds) * 1_000) / LOAD, "seconds per 1,000 events"),
    { ...figure("peak memory", after.peakMemory, "MiB resident"), target: atMost(250) },
  ];
}
