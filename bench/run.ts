import { mkdirSync, readdirSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Bench, withBench } from "./bench.ts";
import { measureConcerns } from "./concerns.ts";
import { measureConsole } from "./console.ts";
import { measureDelivery } from "./delivery.ts";
import { measureForged } from "./forged.ts";
import { measureHang } from "./hang.ts";
import { measureImage } from "./image.ts";
import { measureLanes } from "./lanes.ts";
import { measureLists } from "./lists.ts";
import { profileInto } from "./processes.ts";
import { type Figure, isAnyMissed, toJson, toTable } from "./report.ts";
import { describeShares } from "./shares.ts";
import { measureStores } from "./stores.ts";
import { measureCost, measureLatency } from "./through.ts";
import { measureTraces } from "./traces.ts";
import { measureWaiting } from "./waiting.ts";
import { measureWayIn } from "./way-in.ts";

interface Stage {
  name: string;
  /** Milliseconds after which no further round begins. */
  limit: number;
  measure(bench: Bench): Promise<Figure[]>;
  /** It runs only when it is named. */
  whenNamed?: true;
}

const STAGES: readonly Stage[] = [
  { name: "way-in", limit: 22_000, measure: measureWayIn },
  { name: "delivery", limit: 38_000, measure: measureDelivery },
  { name: "lanes", limit: 60_000, measure: measureLanes },
  { name: "waiting", limit: 40_000, measure: measureWaiting },
  { name: "latency", limit: 13_000, measure: measureLatency },
  { name: "cost", limit: 20_000, measure: measureCost },
  { name: "hang", limit: 60_000, measure: measureHang },
  { name: "traces", limit: 90_000, measure: measureTraces, whenNamed: true },
  { name: "forged", limit: 60_000, measure: measureForged, whenNamed: true },
  { name: "image", limit: 60_000, measure: measureImage, whenNamed: true },
  { name: "lists", limit: 1_500_000, measure: measureLists, whenNamed: true },
  { name: "concerns", limit: 1_500_000, measure: measureConcerns, whenNamed: true },
  { name: "console", limit: 1_500_000, measure: measureConsole, whenNamed: true },
  { name: "stores", limit: 1_500_000, measure: measureStores, whenNamed: true },
];

const ONLY_BY_NAME = STAGES.flatMap(({ name, whenNamed }) => (whenNamed ? [name] : []));

const HELP = `npm run bench -- [STAGE…] [--json] [--strict] [--profile FOLDER]

  STAGE            ${STAGES.map(({ name }) => name).join(", ")};
                   default: all but ${ONLY_BY_NAME.join(" and ")}; stores takes a quarter of an hour
  --json           the figures for programs
  --strict         exit with 1 when a target is missed
  --profile FOLDER every process writes a CPU profile there (open it in Chrome's DevTools), and the shares of
                   the bridges' busy time are printed; slows what is measured
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      profile: { type: "string" },
    },
  });
  const unknown = positionals.filter((wanted) => !STAGES.some(({ name }) => name === wanted));
  if (values.help || unknown.length > 0) {
    process.stderr.write(HELP);
    return values.help ? 0 : 2;
  }
  if (values.profile) mkdirSync(values.profile, { recursive: true });

  const figures: Figure[] = [];
  for (const { name, limit, measure, whenNamed } of STAGES) {
    if (!(positionals.length > 0 ? positionals.includes(name) : !whenNamed)) continue;
    if (values.profile) profileInto(values.profile, name);
    process.stderr.write(`measuring ${name} …\n`);
    figures.push(...(await withBench(limit, measure)));
  }
  process.stdout.write(`${values.json ? toJson(figures, machine()) : toTable(figures)}\n`);
  if (values.profile) printShares(values.profile);
  return values.strict && isAnyMissed(figures) ? 1 : 0;
}

/** The shares of every bridge's busy time. */
function printShares(folder: string): void {
  const bridges = readdirSync(folder).filter((name) => name.includes("-bridge-"));
  for (const name of bridges) process.stderr.write(`\n${describeShares(join(folder, name))}`);
}

function machine() {
  return { node: process.version, cpu: cpus()[0]?.model ?? "", cores: availableParallelism() };
}

process.exitCode = await main();
