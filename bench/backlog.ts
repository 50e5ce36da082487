import type { Bench } from "./bench.ts";
import type { ClaimerCalls } from "./children/claimer.ts";
import { EVENTS_PER_DOCUMENT } from "./documents.ts";
import { fill } from "./lanes.ts";
import type { Child } from "./processes.ts";
import { atMost, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";

/** The deliveries that still wait when the last measured one is done. */
const BACKLOGS = [0, 10_000, 100_000];
const IN_FLIGHT = 16;
const COUNT = 1_000;
/** One more runs before them, for the compiler, and is not counted. */
const ROUNDS = 6;

interface Port {
  name: string;
  claimer: Child<ClaimerCalls>;
}

/**
 * The cost of claim and settle at the store's port, by the size of the backlog. `newStore` returns an empty
 * store.
 */
export async function measureBacklog(
  bench: Bench,
  kind: string,
  newStore: () => Promise<Settings>,
  filled: Settings,
): Promise<Figure[]> {
  const ports: Port[] = [];
  for (const backlog of BACKLOGS) {
    const settings = await newStore();
    await fill(bench, settings, (backlog + (ROUNDS + 1) * COUNT) / EVENTS_PER_DOCUMENT);
    ports.push(await open(bench, `${backlog.toLocaleString("en")} waiting`, settings));
  }
  ports.push(await open(bench, "100,000 waiting of 1,000,000 events", filled));

  const [, ...rounds] = await bench.rounds(ROUNDS + 1, async (number) => {
    const round = new Map<string, number>();
    for (const { name, claimer } of number % 2 === 0 ? ports : ports.toReversed())
      round.set(name, await claimer.ask("deliver", { count: COUNT, inFlight: IN_FLIGHT }));
    return round;
  });
  for (const { claimer } of ports) await claimer.ask("close", null);
  return toFigures(kind, ports, rounds);
}

async function open(bench: Bench, name: string, settings: Settings): Promise<Port> {
  const claimer = bench.start<ClaimerCalls>("claimer");
  await claimer.ask("open", settings);
  return { name, claimer };
}

function toFigures(kind: string, ports: readonly Port[], rounds: readonly Map<string, number>[]): Figure[] {
  const stage = `Stores: ${kind}, claim and settle, ${IN_FLIGHT} in flight, ${rounds.length} rounds`;
  const costsOf = ({ name }: Port) => rounds.map((round) => round.get(name) ?? Number.NaN);
  const [empty] = ports;
  return ports.flatMap((port) => {
    const cost: Figure = {
      stage,
      name: port.name,
      value: median(costsOf(port)),
      unit: "µs per delivery",
      target: null,
    };
    if (!empty || port === empty) return [cost];
    const ratios = costsOf(port).map((one, i) => one / (costsOf(empty)[i] ?? Number.NaN));
    const target = port.name.includes("of") ? null : atMost(1.25);
    return [cost, { ...cost, name: "  of none waiting", value: median(ratios), unit: "×", target }];
  });
}
