import { get } from "node:http";
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
const ROUNDS = 6;
/** So far from the posts of the stock that none is a repeat. */
const FIRST = 100_000_000;

/**
 * What ten live pages cost the way in, and the process. Each round has requests beside them, and twice
 * without them: how much these two differ is the noise. `pathOf`: of a page of `LIVE`.
 */
export async function measureLive(
  bench: Bench,
  { kind, bridge, url, admin }: StockedBridge,
  pathOf: (page: string) => string,
): Promise<Figure[]> {
  let next = FIRST;
  const post = async () => {
    const requests = createRequests(next, REQUESTS);
    next += REQUESTS;
    return (await drip(url, PER_SECOND, requests)).latencies;
  };
  await post();
  const memory: number[] = [];
  const found = { without: [] as number[], again: [] as number[], beside: [] as number[] };
  const postBeside = async () => {
    const before = await bridge.ask("usage", null);
    const close = await openLive(LIVE.map((page) => `${admin}${pathOf(page)}`));
    found.beside.push(...(await post()));
    memory.push((await bridge.ask("usage", null)).memory - before.memory);
    close();
  };
  const rounds = await bench.rounds(ROUNDS, async (number) => {
    // In turn, so that a store that grows favours neither.
    if (number % 2 === 0) await postBeside();
    found.without.push(...(await post()));
    if (number % 2 === 1) await postBeside();
    found.again.push(...(await post()));
  });
  const stage = `Console: ${kind}, ${LIVE.length} live pages beside ${PER_SECOND} posts a second, ${rounds.length} rounds`;
  const p99 = (part: keyof typeof found) => percentile(found[part], 0.99);
  const figure = (name: string, value: number, unit: string): Figure => ({
    ...{ stage, name, value, unit },
    target: null,
  });
  const p99Without = percentile([...found.without, ...found.again], 0.99);
  return [
    figure("p50 of the way in without", percentile(found.without, 0.5), "ms"),
    figure("p50 of the way in beside them", percentile(found.beside, 0.5), "ms"),
    figure("p99 of the way in without", p99Without, "ms"),
    figure("p99 of the way in beside them", p99("beside"), "ms"),
    figure("p99 without, of the other half without", p99("again") / p99("without"), "×"),
    { ...figure("p99 beside them, of without", p99("beside") / p99Without, "×"), target: atMost(1.05) },
    { ...figure("memory that they add in a round", median(memory), "MiB resident"), target: atMost(20) },
  ];
}

/** Opens each page as a browser does, and follows it. Returns how to close all. */
async function openLive(urls: readonly string[]): Promise<() => void> {
  const streams = await Promise.all(
    urls.map(async (url) => {
      const page = await (await fetch(url)).text();
      const [, path = ""] = /hx-sse:connect="([^"]+)"/.exec(page) ?? [];
      const live = new URL(path.replaceAll("&amp;", "&"), url).href;
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
