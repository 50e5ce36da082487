import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { FillerCalls } from "./children/filler.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { startDatabase } from "./databases.ts";
import type { Child } from "./processes.ts";
import type { Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import type { Stock } from "./stock.ts";

/** Bridges over stores with a million events. */

export const STOCK = {
  events: 1_000_000,
  pending: 100_000,
  parked: 20_000,
  underWay: 10_000,
} satisfies Stock;

/** A bridge over a filled store, which has nothing else to do. */
export interface StockedBridge {
  /** Its store. */
  kind: "sqlite" | "postgres";
  bridge: Child<BridgeCalls>;
  /** Where it takes requests. */
  url: string;
  /** The address of its listener for operators. */
  admin: string;
}

/** Measures a bridge over each kind of store, one after the other. */
export async function onEachStock(
  bench: Bench,
  measure: (stocked: StockedBridge) => Promise<Figure[]>,
): Promise<Figure[]> {
  const { database, stores } = await stockedStores(bench);
  await fillStock(bench, Object.values(stores));
  await database.calm();
  const figures: Figure[] = [];
  for (const kind of ["sqlite", "postgres"] as const) {
    const bridge = bench.start<BridgeCalls>("bridge");
    const url = await bridge.ask("start", stores[kind]);
    const admin = await bridge.ask("admin", null);
    figures.push(...(await measure({ kind, bridge, url, admin })));
    await bridge.ask("stop", null);
    await bridge.stop();
  }
  return figures;
}

/** A store of each kind, still empty, whose only destination never answers. */
async function stockedStores(bench: Bench) {
  const database = await startDatabase(bench);
  const receiver = bench.start<ReceiverCalls>("receiver");
  const destination = await receiver.ask("start", null);
  const settingsOf = async (store: (folder: string) => string | Promise<string>): Promise<Settings> => {
    const folder = await bench.newFolder();
    const destinations = [`${destination}/hang`];
    return { folder, store: await store(folder), destinations, ordering: "document", concurrency: 1 };
  };
  const stores = {
    sqlite: await settingsOf((folder) => `sqlite:${join(folder, "countersign.sqlite")}`),
    postgres: await settingsOf(() => database.newSchema()),
  };
  return { database, stores };
}

async function fillStock(bench: Bench, settings: readonly Settings[]): Promise<void> {
  process.stderr.write("  filling the stores …\n");
  const filler = bench.start<FillerCalls>("filler");
  await filler.ask("restock", { settings, stock: STOCK });
  await filler.stop();
}
