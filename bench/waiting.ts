import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { EVENTS_PER_DOCUMENT } from "./documents.ts";
import { fill } from "./lanes.ts";
import { monotonic } from "./monotonic.ts";
import type { Child } from "./processes.ts";
import { atMost, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";

const DOCUMENTS = 12_500;
/** The time for the breaker to open and the process to become idle, and the time that is measured then. */
const CALM_MS = 3_000;
const WINDOW_MS = 10_000;
const SCRAPES = 20;
const SCRAPE_ROUNDS = 5;

/** The cost of waiting: pending deliveries without lanes, for a destination whose breaker is open. */
export async function measureWaiting(bench: Bench): Promise<Figure[]> {
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destinations = [`${await receiver.ask("start", null)}/refuse`];
  const folder = await bench.newFolder();
  const settings: Settings = { folder, destinations, ordering: "none", concurrency: 16, breakerPause: "1h" };
  await fill(bench, settings, DOCUMENTS);

  const bridge = bench.start<BridgeCalls>("bridge");
  await bridge.ask("start", settings);
  await sleep(CALM_MS);
  const { times: refused } = await receiver.ask("arrivals", { count: 0, within: 0 });
  const waiting = await shareOfProcessor(bridge, () => sleep(WINDOW_MS));
  const { times: attempted } = await receiver.ask("arrivals", { count: 0, within: 0 });
  if (refused.length === 0 || attempted.length > 0) throw new Error("the breaker is not open");

  const idle = bench.start<BridgeCalls>("bridge");
  await idle.ask("start", { ...settings, folder: await bench.newFolder() });
  const scrapes = await bench.rounds(SCRAPE_ROUNDS, async () => {
    return { busy: await scrape(bridge), idle: await scrape(idle) };
  });
  const stage = `Waiting: ${(DOCUMENTS * EVENTS_PER_DOCUMENT).toLocaleString("en")} deliveries, breaker open`;
  return [
    {
      stage,
      name: "CPU while waiting",
      value: waiting,
      unit: `% of one, over ${WINDOW_MS / 1_000} s`,
      target: atMost(1),
    },
    {
      stage,
      name: "CPU of a scrape",
      value: median(scrapes.map(({ busy }) => busy)),
      unit: "ms, of /metrics",
      target: null,
    },
    {
      stage,
      name: "of one with none waiting",
      value: median(scrapes.map((round) => round.busy / round.idle)),
      unit: "×",
      target: atMost(1.5),
    },
  ];
}

/** The bridge's share of one processor during `wait`, in percent. */
async function shareOfProcessor(bridge: Child<BridgeCalls>, wait: () => Promise<unknown>): Promise<number> {
  const startedAt = monotonic();
  const before = await bridge.ask("usage", null);
  await wait();
  const after = await bridge.ask("usage", null);
  return ((after.cpuSeconds - before.cpuSeconds) * 100_000) / (monotonic() - startedAt);
}

/** The milliseconds of processor for one request of the metrics, which say how many deliveries are open. */
async function scrape(bridge: Child<BridgeCalls>): Promise<number> {
  const url = await bridge.ask("admin", null);
  const before = await bridge.ask("usage", null);
  for (let number = 0; number < SCRAPES; number++) await (await fetch(`${url}/metrics`)).text();
  const after = await bridge.ask("usage", null);
  return ((after.cpuSeconds - before.cpuSeconds) * 1_000) / SCRAPES;
}
