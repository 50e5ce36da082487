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
/** One more is run before, for the compiler, and not counted. */
const PAIRS = 5;
/**
 * How long each of a pair is delivered from, in milliseconds; and what of it is for connections and caches,
 * and not counted.
 */
const WINDOW = 2_200;
const WARM_UP = 600;

interface Variant {
  bridge: Child<BridgeCalls>;
  settings: Settings;
}

interface Pair {
  none: number;
  document: number;
}

/**
 * What lanes cost: two stores with the same deliveries, one in lanes and one not, each delivered from for a
 * while, in turn.
 */
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
    // Now the one and now the other goes first: a disk or a machine that slows down is then to nobody's
    // advantage.
    if (number % 2 === 0)
      return { none: await rateOf(receiver, none), document: await rateOf(receiver, document) };
    const first = await rateOf(receiver, document);
    return { none: await rateOf(receiver, none), document: first };
  });
  return toFigures(pairs);
}

/** Fills the store of a bridge that does not run yet. @throws when not everything is there afterwards. */
export async function fill(bench: Bench, settings: Settings, documents: number): Promise<void> {
  const filler = bench.start<FillerCalls>("filler");
  const open = await filler.ask("fill", { settings, documents });
  await filler.stop();
  const wanted = documents * EVENTS_PER_DOCUMENT * settings.destinations.length;
  if (open !== wanted) throw new Error(`${open} deliveries instead of ${wanted}`);
}

/** Deliveries a second, from both destinations together, by the receiver's clock. */
async function rateOf(receiver: Child<ReceiverCalls>, { bridge, settings }: Variant): Promise<number> {
  await receiver.ask("arrivals", { count: 0, within: 0 });
  await bridge.ask("start", settings);
  const { times } = await receiver.ask("arrivals", { count: Number.POSITIVE_INFINITY, within: WINDOW });
  await bridge.ask("stop", null);
  const begin = (times[0] ?? Number.NaN) + WARM_UP;
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
