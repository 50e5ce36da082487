import { join } from "node:path";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { FillerCalls } from "./children/filler.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { startDatabase } from "./databases.ts";
import { monotonic } from "./monotonic.ts";
import { atMost, type Figure } from "./report.ts";
import type { Settings } from "./settings.ts";
import { median } from "./statistics.ts";
import type { Stock } from "./stock.ts";

export const STOCK = {
  events: 1_000_000,
  pending: 100_000,
  parked: 20_000,
  underWay: 10_000,
} satisfies Stock;

/** Every list of the admin API, with filters that an index answers and some that a search has to. */
const QUERIES: readonly string[] = [
  "events",
  "events?order=oldest",
  "events?limit=1000",
  "events?type=document.sent",
  "events?source=legalesign",
  "events?type=document.sent&source=legalesign",
  "events?since=2d",
  "events?from=40d&until=39d&order=oldest",
  "events?from=40d&until=20d&type=document.sent&channel=none",
  "receipts",
  "receipts?source=legalesign",
  "receipts?problems=true",
  "receipts?from=40d&until=39d",
  "documents",
  "documents?status=completed&source=lumin",
  "documents?status=declined",
  "documents?search=Agreement",
  "documents?search=number%20123",
  "documents?search=nowhere",
  "documents?search=68d558da0000000000001000",
  "documents?stuck=14d",
  "documents?stuck=14d&search=nowhere",
  "documents?from=40d&until=39d",
  "deliveries",
  "deliveries?limit=1000",
  "deliveries?destination=crm&status=delivered",
  "deliveries?undelivered=true",
  "deliveries?undelivered=true&order=oldest",
  "deliveries?undelivered=true&cause=timeout",
  "deliveries?undelivered=true&type=document.sent",
  "deliveries?status=parked",
  "deliveries?status=held",
  "deliveries?status=pending&since=1d",
  "deliveries?reason=gone",
  "deliveries?cause=timeout",
  "deliveries?type=document.declined",
  "deliveries?source=legalesign",
  "deliveries?from=40d&until=39d&cause=timeout",
  "deliveries/groups?group=destination",
  "deliveries/groups?group=destination,cause,reason,status,type",
  "audit",
];
const PAGES = 20;
const ROUNDS = 5;

/** The time of each list's answer, on stores with a million events. */
export async function measureLists(bench: Bench): Promise<Figure[]> {
  const { database, stores } = await stockedStores(bench);
  await fillStock(bench, Object.values(stores));
  await database.calm();
  const figures: Figure[] = [];
  for (const [kind, settings] of Object.entries(stores))
    figures.push(...(await measureStore(bench, kind, settings)));
  return figures;
}

/** A store of each kind, still empty, whose only destination never answers. */
export async function stockedStores(bench: Bench) {
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

export async function fillStock(bench: Bench, settings: readonly Settings[]): Promise<void> {
  process.stderr.write("  filling the stores …\n");
  const filler = bench.start<FillerCalls>("filler");
  await filler.ask("restock", { settings, stock: STOCK });
  await filler.stop();
}

export async function measureStore(bench: Bench, kind: string, settings: Settings): Promise<Figure[]> {
  const bridge = bench.start<BridgeCalls>("bridge");
  await bridge.ask("start", settings);
  const admin = await bridge.ask("admin", null);
  const figures: Figure[] = [];
  for (const query of QUERIES)
    figures.push({
      stage: `Lists: ${kind}, ${STOCK.events.toLocaleString("en")} events; the slowest of ${PAGES} pages`,
      name: query,
      value: await slowestPage(`${admin}/api/v1/${query}`),
      unit: "ms",
      target: atMost(50),
    });
  await bridge.ask("stop", null);
  await bridge.stop();
  return figures;
}

/** Of each page the median of the rounds, and of these the longest; milliseconds. */
async function slowestPage(url: string): Promise<number> {
  const pages: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let next: string | null = "";
    for (let page = 0; page < PAGES && next !== null; page++) {
      const begun = monotonic();
      next = await nextOf(next === "" ? url : `${url}${url.includes("?") ? "&" : "?"}cursor=${next}`);
      pages[page] ??= [];
      pages[page]?.push(monotonic() - begun);
    }
  }
  return Math.max(...pages.map(median));
}

async function nextOf(url: string): Promise<string | null> {
  const answer = await fetch(url);
  const body = (await answer.json()) as { next?: string | null; message?: string };
  if (!answer.ok || body.next === undefined) throw new Error(`${url}: ${body.message}`);
  return body.next;
}
