import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { drip } from "./client.ts";
import { createRequests } from "./posts.ts";
import { atMost, type Figure } from "./report.ts";
import { median, percentile } from "./statistics.ts";
import type { StockedBridge } from "./stocked.ts";

/** As ten operators have them open. */
const LIVE: readonly string[] = [
  "/",
  "/documents",
  "/documents?search=Agreement",
  "/document?source=lumin&id=:document",
  "/events",
  "/deliveries",
  "/destinations",
  "/destinations/:destination",
  "/requests",
  "/audit",
];
const PER_SECOND = 200;
const REQUESTS = 2_000;
const ROUNDS = 8;
/** So far from the posts of the stock that none is a repeat. */
const FIRST = 100_000_000;

/** What ten live pages cost the way in, in pairs of rounds, and the process. `pathOf`: of a page of `LIVE`. */
export async function measureLive(
  bench: Bench,
  { kind, bridge, url, admin }: StockedBridge,
  pathOf: (page: string) => string,
): Promise<Figure[]> {
  let next = FIRST;
  const round = async () => {
    const requests = createRequests(next, REQUESTS);
    next += REQUESTS;
    const { latencies } = await drip(url, PER_SECOND, requests);
    return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
  };
  await round();
  const memory: number[] = [];
  const pairs = await bench.rounds(ROUNDS, async (number) => {
    const withPages = async () => {
      const before = await bridge.ask("usage", null);
      const close = await openLive(LIVE.map((page) => `${admin}${pathOf(page)}`));
      const found = await round();
      memory.push((await bridge.ask("usage", null)).memory - before.memory);
      close();
      await sleep(100);
      return found;
    };
    // In turn, so that a store that grows favours neither.
    if (number % 2 === 0) return { without: await round(), beside: await withPages() };
    const beside = await withPages();
    return { beside, without: await round() };
  });
  const stage = `Console: ${kind}, ${LIVE.length} live pages beside ${PER_SECOND} posts a second, ${pairs.length} pairs`;
  const ratios = pairs.map(({ beside, without }) => beside.p99 / without.p99);
  const figure = (name: string, value: number, unit: string): Figure => ({
    ...{ stage, name, value, unit },
    target: null,
  });
  return [
    figure("p50 of the way in without", median(pairs.map(({ without }) => without.p50)), "ms"),
    figure("p50 of the way in beside them", median(pairs.map(({ beside }) => beside.p50)), "ms"),
    figure("p99 of the way in without", median(pairs.map(({ without }) => without.p99)), "ms"),
    figure("p99 of the way in beside them", median(pairs.map(({ beside }) => beside.p99)), "ms"),
    { ...figure("p99 beside them, of without", median(ratios), "×"), target: atMost(1.05) },
    { ...figure("memory that they add in a round", median(memory), "MiB resident"), target: atMost(20) },
  ];
}

/** Opens each page as a browser does, and follows it. Returns how to close all. */
async function openLive(urls: readonly string[]): Promise<() => void> {
  const streams = await Promise.all(
    urls.map(async (url) => {
      const page = await fetch(url);
      await page.text();
      const live = `${url}${url.includes("?") ? "&" : "?"}live=1`;
      return new Promise<ReturnType<typeof get>>((resolve, reject) => {
        const request = get(live, { headers: { "sec-fetch-site": "same-origin" } }, (response) => {
          response.resume();
          if (response.statusCode === 200) resolve(request);
          else reject(new Error(`${live}: ${response.statusCode}`));
        });
        request.on("error", reject);
      });
    }),
  );
  return () => {
    for (const stream of streams) stream.destroy();
  };
}
