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

const DOCUMENTS = 12_500;
/** Milliseconds: for the breaker to open and the process to come to rest, and what is measured then. */
const CALM = 3_000;
const WINDOW = 10_000;
const SCRAPES = 10;

/**
 * What it costs to do nothing: deliveries that wait for a destination whose breaker is open, each pending and
 * none in a lane.
 */
export async function measureWaiting(bench: Bench): Promise<Figure[]> {
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destinations = [`${await receiver.ask("start", null)}/refuse`];
  const folder = await bench.newFolder();
  const settings: Settings = { folder, destinations, ordering: "none", concurrency: 16, breakerPause: "1h" };
  await fill(bench, settings, DOCUMENTS);

  const bridge = bench.start<BridgeCalls>("bridge");
  await bridge.ask("start", settings);
  await sleep(CALM);
  const { times: refused } = await receiver.ask("arrivals", { count: 0, within: 0 });
  const waiting = await shareOfProcessor(bridge, () => sleep(WINDOW));
  const { times: tried } = await receiver.ask("arrivals", { count: 0, within: 0 });
  if (refused.length === 0 || tried.length > 0) throw new Error("the breaker is not open");

  const { usedSeconds } = await scrape(bridge);
  const stage = `Waiting: ${(DOCUMENTS * EVENTS_PER_DOCUMENT).toLocaleString("en")} deliveries, breaker open`;
  return [
    {
      stage,
      name: "CPU while waiting",
      value: waiting,
      unit: `% of one, over ${WINDOW / 1_000} s`,
      target: atMost(1),
    },
    {
      stage,
      name: "CPU of a scrape",
      value: (usedSeconds * 1_000) / SCRAPES,
      unit: "ms, of /metrics",
      target: null,
    },
  ];
}

/** What part of one processor the bridge uses meanwhile, in percent. */
async function shareOfProcessor(bridge: Child<BridgeCalls>, wait: () => Promise<unknown>): Promise<number> {
  const startedAt = monotonic();
  const before = await bridge.ask("usage", null);
  await wait();
  const after = await bridge.ask("usage", null);
  return ((after.cpuSeconds - before.cpuSeconds) * 100_000) / (monotonic() - startedAt);
}

/** Asks for the metrics, which tell how much waits, a few times. */
async function scrape(bridge: Child<BridgeCalls>): Promise<{ usedSeconds: number }> {
  const url = await bridge.ask("admin", null);
  const before = await bridge.ask("usage", null);
  for (let number = 0; number < SCRAPES; number++) await (await fetch(`${url}/metrics`)).text();
  const after = await bridge.ask("usage", null);
  return { usedSeconds: after.cpuSeconds - before.cpuSeconds };
}
