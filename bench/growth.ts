import type { Bench } from "./bench.ts";
import type { BareCalls } from "./children/bare.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import { type Flood, flood } from "./client.ts";
import { createRequests } from "./posts.ts";
import type { Child } from "./processes.ts";
import { atLeast, type Figure, type Target } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median, percentile } from "./statistics.ts";

/** A store that receives posts. */
export interface Filled {
  kind: "sqlite" | "postgres" | "lowdb";
  /** The number of events at the start. */
  events: number;
  settings: Settings;
}

const CONNECTIONS = 64;
const WARM_UP = 2_000;
const REQUESTS = 4_000;
/** For lowdb, which ends at 10,000 events. */
const FEW = 200;
/** Beyond all numbers of the stocks; posts to two nodes have a range of their own. */
const FIRST = 10_000_000;
const TO_BOTH = 20_000_000;
const ROUNDS = 5;

/** One bridge on a store, or two. Each gets the same load in every round. */
interface Subject {
  name: string;
  filled: Filled;
  nodes: number;
  flood(round: number): Promise<Flood>;
  stop(): Promise<void>;
}

type Round = ReadonlyMap<string, Flood>;

/** The way in by the size of the store, with all stores and the bare handler in turn. */
export async function measureGrowth(bench: Bench, stores: readonly Filled[]): Promise<Figure[]> {
  const bare = bench.start<BareCalls>("bare");
  const bareUrl = await bare.ask("start", null);
  await flood(bareUrl, CONNECTIONS, createRequests(FIRST, WARM_UP));
  const subjects: Subject[] = [];
  for (const filled of stores) subjects.push(...(await openSubjects(bench, filled)));

  const rounds = await bench.rounds(ROUNDS, async (number): Promise<Round> => {
    const round = new Map([["bare", await flood(bareUrl, CONNECTIONS, createRequests(FIRST, REQUESTS))]]);
    // In alternating order, so that a disk or a machine that slows down favors none.
    for (const subject of number % 2 === 0 ? subjects : subjects.toReversed())
      round.set(subject.name, await subject.flood(number));
    return round;
  });
  for (const { stop } of subjects) await stop();
  return toFigures(subjects, rounds);
}

/** A warmed-up bridge; on PostgreSQL also with a second node, which runs only while it is measured. */
async function openSubjects(bench: Bench, filled: Filled): Promise<Subject[]> {
  const { kind, settings } = filled;
  const bridge = bench.start<BridgeCalls>("bridge");
  const url = await bridge.ask("start", settings);
  const count = kind === "lowdb" ? FEW : REQUESTS;
  const requestsOf = (round: number, first: number) => createRequests(first + WARM_UP + round * count, count);
  await flood(url, CONNECTIONS, createRequests(FIRST, kind === "lowdb" ? FEW : WARM_UP));
  const name = `${kind}, ${filled.events.toLocaleString("en")} events`;
  const alone: Subject = {
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
  const both: Subject = {
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

function toFigures(subjects: readonly Subject[], rounds: readonly Round[]): Figure[] {
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
    ...subjects.flatMap(({ name, filled, nodes }) => {
      const latencies = floodsOf(name).flatMap(({ latencies }) => latencies);
      const empty =
        subjects.find((one) => one.filled.kind === filled.kind && one.nodes === nodes)?.name ?? name;
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
