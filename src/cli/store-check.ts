import type { RetentionLimits } from "../check/rules.ts";
import { checkStore } from "../check/run.ts";
import { inert } from "../domain/inert.ts";
import { plural } from "../domain/quantity.ts";
import { TABLES, type Table } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import type { SetUpCommand } from "./commands.ts";
import { startProgress } from "./progress.ts";
import {
  type ChosenStore,
  chooseStore,
  placeOf,
  STORE_OPTION,
  type StoreOptions,
  withStore,
} from "./store-option.ts";
import { CONFIG_OPTION, INTERRUPTED, type Terminal } from "./terminal.ts";

interface StoreCheckOptions extends StoreOptions {
  json?: true;
}

export const storeCommand: SetUpCommand = (command, terminal, done) => {
  command
    .command("check")
    .description("read a store from end to end, and say what is damaged or does not fit together")
    .option("--json", "print what was found as JSON")
    .option(...STORE_OPTION)
    .option(...CONFIG_OPTION)
    .action(async (options: StoreCheckOptions) => done(await check(options, terminal)));
};

/** 0 when no fault was found, 1 otherwise, 130 when interrupted. */
async function check(options: StoreCheckOptions, terminal: Terminal): Promise<number> {
  const choice = await chooseStore(options, terminal);
  if (!choice) return 1;
  const limits = limitsOf(choice);
  const found = await withStore(choice.place, terminal, { mayBeMade: false }, (store) =>
    checkRows(store, limits, terminal),
  );
  if (!found) return INTERRUPTED;
  terminal.stdout.write(options.json ? `${JSON.stringify(found)}\n` : describe(placeOf(choice.place), found));
  return found.faults === 0 ? 0 : 1;
}

/** The shortest retention that the configuration allows: that of a store named by `--store` is not known. */
const DAY_MS = 86_400_000;

function limitsOf({ config }: ChosenStore): RetentionLimits {
  const { documents, duplicates } = config?.retention ?? { documents: DAY_MS, duplicates: DAY_MS };
  const forEver = Number.POSITIVE_INFINITY;
  return { now: Date.now(), documents: documents ?? forEver, duplicates: duplicates ?? forEver };
}

/** The most faults that are printed. */
const MAX_SHOWN = 100;

interface StoreCheckResult {
  rows: Readonly<Record<Table, number>>;
  faults: number;
  /** The first of them. */
  shown: readonly string[];
}

/** Null: interrupted. */
async function checkRows(
  store: Store,
  limits: RetentionLimits,
  terminal: Terminal,
): Promise<StoreCheckResult | null> {
  const snapshot = await store.snapshot();
  try {
    const rows = await snapshot.counts();
    const progress = startProgress(
      terminal,
      TABLES.reduce((sum, table) => sum + rows[table], 0),
    );
    const shown: string[] = [];
    let [faults, looked] = [0, 0];
    const isWhole = await checkStore(snapshot, limits, {
      fault(sentence) {
        faults += 1;
        if (shown.length < MAX_SHOWN) shown.push(sentence);
      },
      progress(more) {
        looked += more;
        progress.to(looked);
        return !terminal.signal.aborted;
      },
    });
    progress.end();
    return isWhole ? { rows, faults, shown } : null;
  } finally {
    await snapshot.close();
  }
}

function describe(store: string, { rows, faults, shown }: StoreCheckResult): string {
  const counts = TABLES.map((table) => `${rows[table]} ${table}`).join(", ");
  if (faults === 0) return `OK: ${store} has ${counts}\n`;
  const more = faults > shown.length ? [`and ${faults - shown.length} more`] : [];
  return [
    ...shown.map(inert),
    ...more,
    "",
    `${plural(faults, "fault")} in ${store}, which has ${counts}`,
    "",
  ].join("\n");
}
