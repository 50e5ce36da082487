import type { Bench } from "./bench.ts";
import type { BareCalls } from "./children/bare.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import { type Flood, flood } from "./client.ts";
import { createRequests } from "./posts.ts";
import type { Child } from "./processes.ts";
import { atLeast, type Figure, type Target } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median, percentile } from "./statistics.ts";

/** A store that posts come into. */
export interface Filled {
  kind: "sqlite" | "postgres" | "lowdb";
  /** How many events it held at first. */
  events: number;
  settings: Settings;
}

const CONNECTIONS = 64;
const WARM_UP = 2_000;
const REQUESTS = 4_000;
/** Of a store that ends at ten thousand events. */
const FEW = 200;
/** Beyond all numbers that stores were filled with; posts to the second node have others again. */
const FIRST = 10_000_000;
const TO_BOTH = 20_000_000;
const ROUNDS = 5;

/** One bridge on a store, or two of them; asked the same in every round. */
interface Lane {
  name: string;
  filled: Filled;
  nodes: number;
  flood(round: number): Promise<Flood>;
  stop(): Promise<void>;
}

type Round = ReadonlyMap<string, Flood>;

/** The way in, as the store behind it grows; all of it in turn, the bare handler too. */
export async function measureGrowth(bench: Bench, stores: readonly Filled[]): Promise<Figure[]> {
  const bare = bench.start<BareCalls>("bare");
  const bareUrl = await bare.ask("start", null);
  await flood(bareUrl, CONNECTIONS, createRequests(FIRST, WARM_UP));
  const lanes: Lane[] = [];
  for (const filled of stores) lanes.push(...(await openLanes(bench, filled)));

  const rounds = await bench.rounds(ROUNDS, async (number): Promise<Round> => {
    const round = new Map([["bare", await flood(bareUrl, CONNECTIONS, createRequests(FIRST, REQUESTS))]]);
    // Now from the one end and now from the other: a disk or a machine that slows down is then to nobody's
    // advantage.
    for (const lane of number % 2 === 0 ? lanes : lanes.toReversed())
      round.set(lane.name, await lane.flood(number));
    return round;
  });
  for (const { stop } of lanes) await stop();
  return toFigures(lanes, rounds);
}

/**
 * A bridge that has warmed up; on PostgreSQL another lane with a second one beside it, which runs only while
 * it is measured.
 */
async function openLanes(bench: Bench, filled: Filled): Promise<Lane[]> {
  const { kind, settings } = filled;
  const bridge = bench.start<BridgeCalls>("bridge");
  const url = await bridge.ask("start", settings);
  const count = kind === "lowdb" ? FEW : REQUESTS;
  const requestsOf = (round: number, first: number) => createRequests(first + WARM_UP + round * count, count);
  await flood(url, CONNECTIONS, createRequests(FIRST, kind === "lowdb" ? FEW : WARM_UP));
  const name = `${kind}, ${filled.events.toLocaleString("en")} events`;
  const alone: Lane = {
    name,
    filled,
    nodes: 1,
    flood: (round) => flood(url, CONNECTIONS, requestsOf(round, FIRST)),
    stop: () => end(bridge),
  };
  if (kind !== "postgres") return [alone];

  const second = bench.start<BridgeCalls>("bridge");
  const flood2 = async (requests: readonly Buffer[]) =>
    withSecond(second, settings, (other) => flood([url, other], CONNECTIONS, requests));
  await flood2(createRequests(TO_BOTH, WARM_UP));
  const both: Lane = {
    name: `${name}, two nodes`,
    filled,
    nodes: 2,
    flood: (round) => flood2(requestsOf(round, TO_BOTH)),
    stop: () => second.stop(),
  };
  return [alone, both];
}

async function end(bridge: Child<BridgeCalls>): Promise<void> {
  await bridge.ask("stop", null);
  await bridge.stop();
}

async function withSecond<T>(
  second: Child<BridgeCalls>,
  settings: Settings,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const done = await work(await second.ask("start", settings));
  await second.ask("stop", null);
  return done;
}

function toFigures(lanes: readonly Lane[], rounds: readonly Round[]): Figure[] {
  const stage = `Stores: way in at ${CONNECTIONS} connections, ${rounds.length} rounds`;
  const floodsOf = (name: string) => rounds.flatMap((round) => round.get(name) ?? []);
  const figure = (name: string, value: number, unit: string, target: Target | null = null): Figure => ({
    stage,
    name,
    value,
    unit,
    target,
  });
  const rate = (name: string) => figure(name, median(floodsOf(name).map(rateOf)), "requests/s");
  const ratio = (name: string, of: string) =>
    median(floodsOf(name).map((one, i) => rateOf(one) / rateOf(floodsOf(of)[i] ?? one)));

  return [
    rate("bare"),
    ...lanes.flatMap(({ name, filled, nodes }) => {
      const latencies = floodsOf(name).flatMap(({ latencies }) => latencies);
      const empty = lanes.find((one) => one.filled.kind === filled.kind && one.nodes === nodes)?.name ?? name;
      const bareTarget = filled.kind === "postgres" && nodes === 1 ? atLeast(0.25) : null;
      const emptyTarget = filled.events >= 1_000_000 ? atLeast(0.8) : null;
      return [
        rate(name),
        figure("  p50", percentile(latencies, 0.5), "ms"),
        figure("  p99", percentile(latencies, 0.99), "ms"),
        figure("  of bare", ratio(name, "bare"), "×", bareTarget),
        ...(name === empty ? [] : [figure("  of the empty store", ratio(name, empty), "×", emptyTarget)]),
      ];
    }),
  ];
}

function rateOf({ answered, seconds }: Flood): number {
  return answered / seconds;
}
