import type { Bench } from "./bench.ts";
import type { BareCalls } from "./children/bare.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import type { ReceiverCalls } from "./children/receiver.ts";
import { type Flood, flood } from "./client.ts";
import { createRequests } from "./posts.ts";
import { atLeast, type Figure } from "./report.ts";
import { median, percentile } from "./statistics.ts";

const CONNECTIONS = 64;
const WARM_UP = 3_000;
const REQUESTS = 5_000;
const ROUNDS = 5;

/** Genuine, distinct posts into a durable store, compared with a Koa handler that ignores them. */
export async function measureWayIn(bench: Bench): Promise<Figure[]> {
  const bridge = bench.start<BridgeCalls>("bridge");
  const bare = bench.start<BareCalls>("bare");
  const receiver = bench.start<ReceiverCalls>("receiver");
  // One delivery hangs and all others wait for it in the store, so that no delivery is measured.
  const destination = `${await receiver.ask("start", null)}/hang`;
  const folder = await bench.newFolder();
  const bridgeUrl = await bridge.ask("start", {
    folder,
    destinations: [destination],
    ordering: "document",
    concurrency: 1,
  });
  const bareUrl = await bare.ask("start", null);

  const warmUp = createRequests(0, WARM_UP);
  await flood(bareUrl, CONNECTIONS, warmUp);
  await flood(bridgeUrl, CONNECTIONS, warmUp);
  const measureUse = async () => ({
    bridge: await bridge.ask("usage", null),
    bare: await bare.ask("usage", null),
  });
  const before = await measureUse();
  const rounds = await bench.rounds(ROUNDS, async (number) => {
    const requests = createRequests(WARM_UP + number * REQUESTS, REQUESTS);
    return {
      bare: await flood(bareUrl, CONNECTIONS, requests),
      bridge: await flood(bridgeUrl, CONNECTIONS, requests),
    };
  });
  const after = await measureUse();
  return toFigures(rounds, {
    commits: after.bridge.commits - before.bridge.commits,
    bridgeSeconds: after.bridge.cpuSeconds - before.bridge.cpuSeconds,
    bareSeconds: after.bare.cpuSeconds - before.bare.cpuSeconds,
  });
}

interface Used {
  commits: number;
  bridgeSeconds: number;
  bareSeconds: number;
}

function toFigures(rounds: readonly { bare: Flood; bridge: Flood }[], used: Used): Figure[] {
  const stage = `Way in: durable and verified, ${CONNECTIONS} connections, ${rounds.length} rounds`;
  const latencies = rounds.flatMap(({ bridge }) => bridge.latencies);
  const figure = (name: string, value: number, unit: string): Figure => ({
    stage,
    name,
    value,
    unit,
    target: null,
  });
  return [
    figure("a bare Koa handler", median(rounds.map(({ bare }) => rateOf(bare))), "requests/s"),
    figure("the bridge", median(rounds.map(({ bridge }) => rateOf(bridge))), "requests/s"),
    {
      ...figure("the bridge of bare Koa", median(rounds.map(ratioOf)), "×"),
      target: atLeast(0.15),
    },
    figure("p50", percentile(latencies, 0.5), "ms"),
    figure("p99", percentile(latencies, 0.99), "ms"),
    figure("CPU of bare Koa", (used.bareSeconds * 1_000) / latencies.length, "seconds per 1,000 requests"),
    figure(
      "CPU of the bridge",
      (used.bridgeSeconds * 1_000) / latencies.length,
      "seconds per 1,000 requests",
    ),
    figure("commits", used.commits, `for ${latencies.length.toLocaleString("en")} requests`),
  ];
}

function ratioOf({ bare, bridge }: { bare: Flood; bridge: Flood }): number {
  return rateOf(bridge) / rateOf(bare);
}

function rateOf({ answered, seconds }: Flood): number {
  return answered / seconds;
}
