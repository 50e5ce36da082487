import type { Bench } from "./bench.ts";
import { monotonic } from "./monotonic.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";
import { onEachStock, STOCK } from "./stocked.ts";

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
  "documents?sort=last_report",
  "documents?sort=last_report&status=declined",
  "documents?undelivered=parked",
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
export function measureLists(bench: Bench): Promise<Figure[]> {
  return onEachStock(bench, async ({ kind, admin }) => {
    const figures: Figure[] = [];
    for (const query of QUERIES)
      figures.push({
        stage: `Lists: ${kind}, ${STOCK.events.toLocaleString("en")} events; the slowest of ${PAGES} pages`,
        name: query,
        value: await slowestPage(`${admin}/api/v1/${query}`),
        unit: "ms",
        target: atMost(50),
      });
    return figures;
  });
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
