import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { FillerCalls } from "./children/filler.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { EVENTS_PER_DOCUMENT } from "./documents.ts";
import type { Child } from "./processes.ts";
import { atLeast, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";

const DOCUMENTS = 10_000;
/** One more runs before them, for the compiler, and is not counted. */
const PAIRS = 5;
/** The duration of the delivery from each store of a pair, and the part of it that is not counted. */
const WINDOW_MS = 2_200;
const WARM_UP_MS = 600;

interface Variant {
  bridge: Child<BridgeCalls>;
  settings: Settings;
}

interface Pair {
  none: number;
  document: number;
}

/** The cost of lanes: two stores with the same deliveries, with and without lanes, deliver in turn. */
export async function measureLanes(bench: Bench): Promise<Figure[]> {
  const receiver = bench.start<ReceiverCalls>("receiver");
  const url = await receiver.ask("start", null);
  const prepare = async (ordering: Settings["ordering"]): Promise<Variant> => {
    const folder = await bench.newFolder();
    const destinations = [`${url}/crm`, `${url}/archive`];
    const settings: Settings = { folder, destinations, ordering, concurrency: 16 };
    await fill(bench, settings, DOCUMENTS);
    return { bridge: bench.start<BridgeCalls>("bridge"), settings };
  };
  const [none, document] = await Promise.all([prepare("none"), prepare("document")]);

  const [, ...pairs] = await bench.rounds(PAIRS + 1, async (number): Promise<Pair> => {
    // In alternating order, so that a disk or a machine that slows down favors none.
    if (number % 2 === 0)
      return { none: await rateOf(receiver, none), document: await rateOf(receiver, document) };
    const first = await rateOf(receiver, document);
    return { none: await rateOf(receiver, none), document: first };
  });
  return toFigures(pairs);
}

/**
 * Fills the store of a bridge that is not started yet. @throws Error: not all deliveries are open afterwards.
 */
export async function fill(bench: Bench, settings: Settings, documents: number): Promise<void> {
  const filler = bench.start<FillerCalls>("filler");
  const open = await filler.ask("fill", { settings, documents });
  await filler.stop();
  const wanted = documents * EVENTS_PER_DOCUMENT * settings.destinations.length;
  if (open !== wanted) throw new Error(`${open} deliveries instead of ${wanted}`);
}

/** Deliveries per second to both destinations together, by the receiver's clock. */
async function rateOf(receiver: Child<ReceiverCalls>, { bridge, settings }: Variant): Promise<number> {
  await receiver.ask("arrivals", { count: 0, within: 0 });
  await bridge.ask("start", settings);
  const { times } = await receiver.ask("arrivals", { count: Number.POSITIVE_INFINITY, within: WINDOW_MS });
  await bridge.ask("stop", null);
  const begin = (times[0] ?? Number.NaN) + WARM_UP_MS;
  const counted = times.filter((time) => time >= begin);
  return ((counted.length - 1) * 1_000) / ((counted.at(-1) ?? Number.NaN) - (counted[0] ?? Number.NaN));
}

function toFigures(pairs: readonly Pair[]): Figure[] {
  const events = `${DOCUMENTS.toLocaleString("en")} documents of ${EVENTS_PER_DOCUMENT} events`;
  const stage = `Lanes: ${events}, two destinations, ${pairs.length} rounds`;
  const rate = (name: string, values: readonly number[]): Figure => ({
    stage,
    name,
    value: median(values),
    unit: "deliveries/s",
    target: null,
  });
  return [
    rate(
      "ordering none, of a full store",
      pairs.map(({ none }) => none),
    ),
    rate(
      "ordering document, of a full store",
      pairs.map(({ document }) => document),
    ),
    {
      stage,
      name: "ordering document of ordering none",
      value: median(pairs.map(({ none, document }) => document / none)),
      unit: "×",
      target: atLeast(0.9),
    },
  ];
}
