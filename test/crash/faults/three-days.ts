import { createChance } from "../../../src/simulate/chance.ts";
import { aFolder, type Bridge, startBridge, tidy } from "../../support/bridge.ts";
import { createStandstill, type Standstill } from "../../support/standstill.ts";
import { countOpen, listEverything } from "../admin.ts";
import { configText, SECRET } from "../config.ts";
import { startLoad } from "../load.ts";
import { judge, type Verdict } from "../oracle.ts";
import { type Receiver, startReceiver } from "../receivers.ts";
import { ALWAYS, createWitness, type Fault } from "./fault.ts";

/** No receiver answers for three days of a moved clock, for which the bridge runs in this process. */

const POSTS = 150;
const START = Date.UTC(2026, 0, 1);
const THREE_DAYS = 3 * 86_400_000;
/** Far more than are needed. */
const MAX_STEPS = 50_000;

export const AWAY_FOR_THREE_DAYS: Fault = {
  name: "receivers away for three days",
  promise: "delivers everything in order on the standard schedule once they are back, and parks nothing",
  impossible: ALWAYS,
  async run(seed) {
    let isAway = true;
    const receivers = await Promise.all(
      ["crm", "archive"].map((name) =>
        startReceiver({ name, secret: SECRET, treat: () => (isAway ? "reset" : "accept"), delay: () => 0 }),
      ),
    );
    try {
      return await beAway(seed, receivers, () => {
        isAway = false;
      });
    } finally {
      await tidy();
      for (const receiver of receivers) receiver.close();
    }
  },
};

async function beAway(seed: number, receivers: readonly Receiver[], comeBack: () => void): Promise<Verdict> {
  const chance = createChance(`three days ${seed}`);
  const { sees, add } = createWitness();
  const still = createStandstill(START, () => 0);
  const bridge = await startIn(still, receivers, () => chance.int(0, 999) / 1_000);
  const load = startLoad({ chance, connections: 8, urls: [bridge.url], onTaken() {} });
  load.allow(POSTS);
  await sees(() => load.sent.length === POSTS, "all posts begun");
  await load.stop(new AbortController().signal);

  const { now } = still.clock;
  await step(still, async () => now() >= START + THREE_DAYS);
  const accepted = receivers.some(({ arrivals }) => [...arrivals.values()].some((one) => one.accepted));
  await sees(() => !accepted && now() >= START + THREE_DAYS, "three days without an answer", 0);
  comeBack();
  await step(still, async () => (await countOpen(bridge.adminUrl)) === 0);
  return add(judge({ load, receivers, stored: await listEverything(bridge.adminUrl) }));
}

function startIn(still: Standstill, receivers: readonly Receiver[], random: () => number): Promise<Bridge> {
  const folder = aFolder();
  const store = "sqlite:./countersign.db";
  const text = configText({ store, port: 0, adminPort: 0, receivers, destination: "retry: standard" });
  return startBridge(text, { folder, clock: still.clock, store: still.openStore(folder), random });
}

/** Moves the clock from timer to timer until the condition holds. */
async function step(still: Standstill, until: () => Promise<boolean>): Promise<void> {
  for (let steps = 0; steps < MAX_STEPS && !(await until()); steps++) {
    if (!(await still.step())) return;
  }
}
