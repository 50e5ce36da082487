import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { measureBacklog } from "./backlog.ts";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { FillerCalls } from "./children/filler.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { flood } from "./client.ts";
import { type Database, startDatabase } from "./databases.ts";
import { type Filled, measureGrowth } from "./growth.ts";
import { monotonic } from "./monotonic.ts";
import { createRequests } from "./posts.ts";
import { timeToReady } from "./ready.ts";
import { atMost, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";
import type { Stock } from "./stock.ts";

/** The stocks of the stores. The first holds little more than the measured posts. */
const STOCKS: readonly Stock[] = [
  { events: 0, pending: 0 },
  { events: 100_000, pending: 10_000 },
  { events: 1_000_000, pending: 100_000 },
];
const MAX_EVENTS = 1_000_000;
/** A lowdb store ends at 10,000 events, the measured ones included. */
const LOWDB_STOCKS: readonly Stock[] = [
  { events: 0, pending: 0 },
  { events: 8_400, pending: 0 },
];

/** Every store, side by side, empty and full. */
export async function measureStores(bench: Bench): Promise<Figure[]> {
  const database = await startDatabase(bench);
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destination = await receiver.ask("start", null);
  const plan = createPlan(bench, database, destination);

  printProgress("filling the stores");
  const { stores, figures } = await fillAll(bench, database, plan);
  const full = stores.filter(({ events }) => events === MAX_EVENTS);
  const ends = stores.filter(
    ({ kind, events }) => kind !== "lowdb" && (events === 0 || events === MAX_EVENTS),
  );
  printProgress("starting bridges on them");
  for (const filled of ends) figures.push(await measureReady(filled, plan));
  printProgress("posting to all of them in turn");
  figures.push(...(await measureGrowth(bench, stores)));
  printProgress("looking at the memory of bridges");
  for (const filled of ends) figures.push(...(await measureMemory(bench, filled, plan)));
  for (const { kind, settings } of full) {
    printProgress(`claiming from a backlog in ${kind}`);
    figures.push(
      ...(await measureBacklog(bench, kind, () => plan.next(kind, "none"), plan.answering(settings))),
    );
  }
  return figures;
}

function printProgress(step: string): void {
  process.stderr.write(`  ${step} …\n`);
}

/** The stores of the stage, and the settings of their bridges. */
interface Plan {
  /** A new store, whose one possible delivery hangs, so that no delivery disturbs a measurement. */
  next(kind: Filled["kind"], ordering?: Settings["ordering"]): Promise<Settings>;
  /** The same store, with a destination that accepts all deliveries. */
  answering(settings: Settings): Settings;
}

function createPlan(bench: Bench, database: Database, destination: string): Plan {
  return {
    async next(kind, ordering = "document") {
      const folder = await bench.newFolder();
      const store =
        kind === "postgres" ? await database.newSchema() : `${kind}:${join(folder, `countersign.${kind}`)}`;
      return { folder, store, destinations: [`${destination}/hang`], ordering, concurrency: 1 };
    },
    answering: (settings) => ({ ...settings, destinations: [destination], concurrency: 16 }),
  };
}

async function fillAll(
  bench: Bench,
  database: Database,
  plan: Plan,
): Promise<{ stores: Filled[]; figures: Figure[] }> {
  const stores: Filled[] = [];
  const figures: Figure[] = [];
  const add = async (stock: Stock, kinds: readonly Filled["kind"][]) => {
    const filled: Filled[] = [];
    for (const kind of kinds) filled.push({ kind, events: stock.events, settings: await plan.next(kind) });
    const seconds = await restock(bench, filled, stock);
    if (stock.events === MAX_EVENTS) figures.push(...(await describeFilling(filled, seconds)));
    stores.push(...filled);
  };
  for (const stock of STOCKS) await add(stock, ["sqlite", "postgres"]);
  for (const stock of LOWDB_STOCKS) await add(stock, ["lowdb"]);
  await database.calm();
  return {
    stores: stores.toSorted((a, b) => (a.kind < b.kind ? 1 : a.kind > b.kind ? -1 : a.events - b.events)),
    figures,
  };
}

/** Returns seconds. @throws Error: not all rows are there afterwards. */
async function restock(bench: Bench, filled: readonly Filled[], stock: Stock): Promise<number> {
  const startedAt = monotonic();
  const filler = bench.start<FillerCalls>("filler");
  const rows = await filler.ask("restock", { settings: filled.map(({ settings }) => settings), stock });
  await filler.stop();
  const wanted = stock.events * 3 + stock.events / 4;
  if (rows !== wanted) throw new Error(`${rows} rows instead of ${wanted}`);
  return (monotonic() - startedAt) / 1_000;
}

async function describeFilling(filled: readonly Filled[], seconds: number): Promise<Figure[]> {
  const stage = `Stores: filled with ${MAX_EVENTS.toLocaleString("en")} events`;
  const figures: Figure[] = [
    { stage, name: "sqlite and postgres at once", value: seconds, unit: "s", target: null },
  ];
  for (const { kind, settings } of filled) {
    if (kind !== "sqlite" || !settings.store) continue;
    const { size } = await stat(settings.store.slice("sqlite:".length));
    figures.push({ stage, name: "the sqlite file", value: size / 1_024 ** 2, unit: "MiB", target: null });
  }
  return figures;
}

const STARTS = 3;

async function measureReady({ kind, events, settings }: Filled, plan: Plan): Promise<Figure> {
  const times: number[] = [];
  for (let number = 0; number < STARTS; number++) times.push(await timeToReady(plan.answering(settings)));
  return {
    stage: "Stores: from start to ready, with an empty store and with 100,000 deliveries pending",
    name: events === 0 ? `${kind}, empty` : `${kind}, full`,
    value: median(times) / 1_000,
    unit: "s",
    target: events === 0 ? null : atMost(3),
  };
}

const POSTS = 5_000;
const FIRST = 30_000_000;
const REST_MS = 5_000;

/** Memory after a load of posts and deliveries. */
async function measureMemory(
  bench: Bench,
  { kind, events, settings }: Filled,
  plan: Plan,
): Promise<Figure[]> {
  const bridge = bench.start<BridgeCalls>("bridge");
  const url = await bridge.ask("start", plan.answering(settings));
  await flood(url, 64, createRequests(FIRST, POSTS));
  await sleep(REST_MS);
  const { memory, peakMemory } = await bridge.ask("usage", null);
  await bridge.ask("stop", null);
  await bridge.stop();
  const full = `${MAX_EVENTS.toLocaleString("en")} events and 100,000 deliveries pending`;
  const stage = `Stores: memory of a bridge, with ${full}`;
  const name = events === 0 ? `${kind}, empty` : `${kind}, full`;
  const unit = "MiB resident";
  return [
    { stage, name: `${name}, in the end`, value: memory, unit, target: null },
    { stage, name: `${name}, peak`, value: peakMemory, unit, target: events === 0 ? null : atMost(300) },
  ];
}
