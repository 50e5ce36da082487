import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";
import { onEachStock, STOCK } from "./stocked.ts";

const ROUNDS = 7;
/** Habits and what sources tell are learned by the first looks. */
const CALM_MS = 2_000;

/** The cost of a look for what needs a person, as each minute has one, on stores with a million events. */
export function measureConcerns(bench: Bench): Promise<Figure[]> {
  return onEachStock(bench, async ({ kind, bridge }) => {
    await sleep(CALM_MS);
    await bridge.ask("look", null);
    const looks: { cpu: number; longest: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await bridge.ask("watch", null);
      const before = await bridge.ask("usage", null);
      await bridge.ask("look", null);
      const after = await bridge.ask("usage", null);
      const cpu = (after.cpuSeconds - before.cpuSeconds) * 1_000;
      looks.push({ cpu, longest: (await bridge.ask("longest", null)).busy });
    }
    const { events, underWay } = STOCK;
    const stage = `Concerns: ${kind}, ${events.toLocaleString("en")} events, ${underWay.toLocaleString("en")} documents under way`;
    return [
      {
        ...{ stage, name: "CPU of a look", unit: "ms", target: atMost(100) },
        value: median(looks.map(({ cpu }) => cpu)),
      },
      {
        ...{ stage, name: "the longest turn in it, of processor time", unit: "ms", target: atMost(20) },
        value: median(looks.map(({ longest }) => longest)),
      },
    ];
  });
}
