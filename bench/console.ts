import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { measureLive } from "./live.ts";
import { monotonic } from "./monotonic.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";
import { onEachStock, STOCK } from "./stocked.ts";

/** The first page of each screen, as somebody opens it. `:event` and `:document` are some that exist. */
const PAGES: readonly string[] = [
  "/",
  "/documents",
  "/documents?search=Agreement",
  "/documents?stuck=14d",
  "/document?source=lumin&id=:document",
  "/events",
  "/events?type=document.sent",
  "/events/:event",
  "/deliveries",
  "/deliveries?status=parked",
  "/destinations",
  "/destinations/:destination",
  "/requests",
  "/requests?problems=true",
  "/requests/refused",
  "/requests/:receipt",
  "/bench",
  "/parity",
  "/jobs",
  "/audit",
  "/configuration",
];
const ROUNDS = 9;
const CALM_MS = 2_000;

/** How soon each page of the console begins to come, and how long it is, at a million events. */
export function measureConsole(bench: Bench): Promise<Figure[]> {
  return onEachStock(bench, async (stocked) => {
    const { kind, admin } = stocked;
    const stage = `Console: ${kind}, ${STOCK.events.toLocaleString("en")} events`;
    await sleep(CALM_MS);
    const names = await namesOf(admin);
    const figures: Figure[] = [];
    for (const page of PAGES) {
      const url = `${admin}${pathOf(page, names)}`;
      const found: { first: number; bytes: number }[] = [];
      for (let round = 0; round < ROUNDS; round++) found.push(await visit(url));
      figures.push(
        {
          ...{ stage, name: `${page}: first byte`, unit: "ms", target: atMost(50) },
          value: median(found.map(({ first }) => first)),
        },
        {
          ...{ stage, name: `${page}: length`, unit: "kB, compressed", target: atMost(60) },
          value: median(found.map(({ bytes }) => bytes)) / 1_000,
        },
      );
    }
    return [...figures, ...(await measureLive(bench, stocked, (page) => pathOf(page, names)))];
  });
}

function pathOf(page: string, names: Readonly<Record<string, string>>): string {
  return page.replace(/:(\w+)/, (_, name: string) => encodeURIComponent(names[name] ?? ""));
}

/** Milliseconds until the headers are there, and the bytes that came, as a browser would ask for them. */
async function visit(url: string): Promise<{ first: number; bytes: number }> {
  const begun = monotonic();
  const response = await fetch(url, { headers: { "accept-encoding": "gzip" } });
  const first = monotonic() - begun;
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return { first, bytes: Number(response.headers.get("content-length") ?? text.length) };
}

async function namesOf(admin: string): Promise<Readonly<Record<string, string>>> {
  const first = async (list: string) => {
    const { items } = (await (await fetch(`${admin}/api/v1/${list}`)).json()) as {
      items: { id?: string; name?: string }[];
    };
    return items[0]?.id ?? items[0]?.name ?? "";
  };
  return {
    event: await first("events?limit=1"),
    document: await first("documents?limit=1"),
    receipt: await first("receipts?limit=1"),
    destination: await first("destinations"),
  };
}
