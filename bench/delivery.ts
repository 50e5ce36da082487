import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { LoopCalls } from "./children/loop.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { flood } from "./client.ts";
import { createRequests } from "./posts.ts";
import type { Child } from "./processes.ts";
import { atLeast, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";

const CONCURRENCY = 16;
const DELIVERIES = 2_000;
/** Not counted: the first deliveries of a round open the connections. */
const WARM_UP = 200;
/** One more runs before them, for the compiler, and is not counted. */
const ROUNDS = 3;
const ROUND_TIMEOUT_MS = 10_000;

interface Round {
  loop: number;
  unordered: number;
  ordered: number;
}

/** Compares the dispatcher, emptying a full store, with a loop of `got.post`, by the receiver's clock. */
export async function measureDelivery(bench: Bench): Promise<Figure[]> {
  const receiver = bench.start<ReceiverCalls>("receiver");
  const loop = bench.start<LoopCalls>("loop");
  const unordered = bench.start<BridgeCalls>("bridge");
  const ordered = bench.start<BridgeCalls>("bridge");
  const destination = await receiver.ask("start", null);
  const prepare = async (ordering: Settings["ordering"]): Promise<Settings> => ({
    folder: await bench.newFolder(),
    destinations: [destination],
    ordering,
    concurrency: CONCURRENCY,
  });

  const [, ...rounds] = await bench.rounds(ROUNDS + 1, async (): Promise<Round> => {
    const [none, document] = [await prepare("none"), await prepare("document")];
    await fill(unordered, none);
    await fill(ordered, document);
    await loop.ask("prepare", { settings: none, count: DELIVERIES });
    return {
      loop: await rateOf(receiver, () => loop.ask("run", { concurrency: CONCURRENCY })),
      unordered: await rateOfBridge(receiver, unordered, none),
      ordered: await rateOfBridge(receiver, ordered, document),
    };
  });
  return toFigures(rounds);
}

/**
 * Records events while the one possible delivery hangs at the destination; the stop releases it without an
 * attempt.
 */
async function fill(bridge: Child<BridgeCalls>, settings: Settings): Promise<void> {
  const hanging = {
    ...settings,
    destinations: settings.destinations.map((url) => `${url}/hang`),
    concurrency: 1,
  };
  const url = await bridge.ask("start", hanging);
  await flood(url, 64, createRequests(0, DELIVERIES));
  await bridge.ask("stop", null);
}

async function rateOfBridge(
  receiver: Child<ReceiverCalls>,
  bridge: Child<BridgeCalls>,
  settings: Settings,
): Promise<number> {
  const rate = await rateOf(receiver, () => bridge.ask("start", settings));
  await bridge.ask("stop", null);
  return rate;
}

/** Arrivals a second at the receiver from `begin` on. */
async function rateOf(receiver: Child<ReceiverCalls>, begin: () => Promise<unknown>): Promise<number> {
  const arrivals = receiver.ask("arrivals", { count: DELIVERIES, within: ROUND_TIMEOUT_MS });
  await begin();
  const { times } = await arrivals;
  const [first, last] = [times[WARM_UP], times.at(-1)];
  if (first === undefined || last === undefined || times.length !== DELIVERIES) return Number.NaN;
  return ((times.length - WARM_UP - 1) * 1_000) / (last - first);
}

function toFigures(rounds: readonly Round[]): Figure[] {
  const stage = `Delivery: ${CONCURRENCY} at a time, ${rounds.length} rounds`;
  const ratio = (name: string, values: readonly number[]): Figure => ({
    stage,
    name,
    value: median(values),
    unit: "×",
    target: atLeast(0.8),
  });
  const rate = (name: string, values: readonly number[]): Figure => ({
    stage,
    name,
    value: median(values),
    unit: "deliveries/s",
    target: null,
  });
  return [
    rate(
      "a bare got.post loop",
      rounds.map(({ loop }) => loop),
    ),
    rate(
      "the bridge, ordering none",
      rounds.map(({ unordered }) => unordered),
    ),
    rate(
      "the bridge, ordering document",
      rounds.map(({ ordered }) => ordered),
    ),
    ratio(
      "ordering none of the loop",
      rounds.map(({ unordered, loop }) => unordered / loop),
    ),
    ratio(
      "ordering document of the loop",
      rounds.map(({ ordered, loop }) => ordered / loop),
    ),
  ];
}
