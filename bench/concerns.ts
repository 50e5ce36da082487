import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import type { BridgeCalls } from "./children/bridge.ts";
import { fillStock, STOCK, stockedStores } from "./lists.ts";
import { atMost, type Figure } from "./report.ts";
import { median } from "./statistics.ts";

const ROUNDS = 7;
/** Habits and what sources tell are learned by the first looks. */
const CALM_MS = 2_000;

/** The cost of a look for what needs a person, as each minute has one, on stores with a million events. */
export async function measureConcerns(bench: Bench): Promise<Figure[]> {
  const { database, stores } = await stockedStores(bench);
  await fillStock(bench, Object.values(stores));
  await database.calm();
  const figures: Figure[] = [];
  for (const [kind, settings] of Object.entries(stores)) {
    const bridge = bench.start<BridgeCalls>("bridge");
    await bridge.ask("start", settings);
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
    await bridge.ask("stop", null);
    await bridge.stop();
    const stage = `Concerns: ${kind}, ${STOCK.events.toLocaleString("en")} events, ${STOCK.underWay.toLocaleString("en")} documents under way`;
    figures.push(
      {
        stage,
        name: "CPU of a look",
        value: median(looks.map(({ cpu }) => cpu)),
        unit: "ms",
        target: atMost(100),
      },
      {
        stage,
        name: "the longest turn in it, of processor time",
        value: median(looks.map(({ longest }) => longest)),
        unit: "ms",
        target: atMost(20),
      },
    );
  }
  return figures;
}
