import { z } from "zod";
import { type AnyRow, parseFooter, parseHeader, parseLine } from "../backup/ndjson.ts";
import type { Config } from "../config.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { plural } from "../domain/quantity.ts";
import type { Rows, Table } from "../store/rows.ts";
import type { Store } from "../store/store.ts";
import { createAdminClient } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { createConcealRow } from "./conceal-row.ts";
import { lastLineOf, linesOf } from "./lines.ts";
import { startProgress } from "./progress.ts";
import { chooseStore, placeOf, STORE_OPTION, type StoreOptions, withStore } from "./store-option.ts";
import { CONFIG_OPTION, INTERRUPTED, type Terminal } from "./terminal.ts";

interface ImportOptions extends StoreOptions {
  json?: true;
}

export const importCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("<file>", "the export")
    .option("--json", "print the counts as JSON")
    .option(...STORE_OPTION)
    .option(...CONFIG_OPTION)
    .action(async (file: string, options: ImportOptions) => done(await importFile(file, options, terminal)));
};

/** 0 once all rows are in the store, 130 when interrupted. */
async function importFile(file: string, options: ImportOptions, terminal: Terminal): Promise<number> {
  const total = await expectWhole(file);
  const choice = await chooseStore(options, terminal);
  if (!choice) return 1;
  if (choice.config) await refuseWhileRunning(choice.config);
  const { place } = choice;
  const done = await withStore(place, terminal, { mayBeMade: true }, (store) =>
    restoreAll({ file, total, conceal: concealBy(choice.config) }, store, terminal),
  );
  if (terminal.signal.aborted && done.rows < total) {
    terminal.stderr.write(`interrupted after ${plural(done.rows, "row")}: the same call goes on from here\n`);
    return INTERRUPTED;
  }
  const { rows, added } = done;
  const summary = `${plural(rows, "row")} of ${file}: ${added} added to ${placeOf(place)}, ${rows - added} there before\n`;
  terminal.stdout.write(options.json ? `${JSON.stringify({ rows, added, there: rows - added })}\n` : summary);
  return 0;
}

/**
 * Checks the first and the last line before anything is written. Returns the number of rows.
 *
 * @throws CountersignError `bad_request`.
 */
async function expectWhole(file: string): Promise<number> {
  try {
    for await (const line of linesOf(file)) {
      parseHeader(line.toString());
      break;
    }
    const rows = parseFooter((await lastLineOf(file)) ?? "");
    if (rows !== null) return rows;
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw refusal(`${file} cannot be read: ${messageOf(error)}`);
  }
  throw refusal(`${file} is cut off: its last line does not say that it is the end, so nothing was imported`);
}

/**
 * Two processes would write at once. A bridge with another configuration on the same store is not detected.
 */
async function refuseWhileRunning(config: Config): Promise<void> {
  try {
    await createAdminClient(config).get("livez", z.unknown());
  } catch (error) {
    if (error instanceof CountersignError && error.code === "not_found") return;
  }
  throw refusal("a bridge is running with this configuration: stop it first");
}

interface Done {
  /** The rows that were read. */
  rows: number;
  /** The rows that the store did not have. */
  added: number;
}

interface Import {
  file: string;
  /** The number of rows. */
  total: number;
  conceal(row: AnyRow): AnyRow;
}

/** Removes secrets that an older version stored. Without a configuration it is not known which: rows stay. */
function concealBy(config: Config | null): Import["conceal"] {
  if (!config) return (row) => row;
  const conceal = createConcealRow(config);
  return (of) => ({ ...of, row: conceal(of.row) }) as AnyRow;
}

/** Ends early when the terminal's signal is aborted. */
async function restoreAll({ file, total, conceal }: Import, store: Store, terminal: Terminal): Promise<Done> {
  const progress = startProgress(terminal, total);
  const batch = createBatch(store);
  let [number, isOver] = [0, false];
  try {
    for await (const bytes of linesOf(file)) {
      number += 1;
      if (number === 1) continue;
      if (isOver) throw refusal(`line ${number}: nothing may stand behind the end`);
      if (terminal.signal.aborted) return batch.done;
      const line = parseLine(bytes.toString(), number);
      if (line.kind === "row") await batch.add(conceal(line.of), bytes.length);
      else isOver = expectAll(line.rows, number);
      progress.to(batch.done.rows);
    }
    await batch.flush();
    progress.to(batch.done.rows);
    return batch.done;
  } finally {
    progress.end();
  }
}

/** The footer's number of rows must be that of the lines between the header and it. */
function expectAll(rows: number, number: number): true {
  if (rows === number - 2) return true;
  throw refusal(
    `line ${number}: there should be ${plural(rows, "row")} before it, and there are ${number - 2}`,
  );
}

/** One transaction restores at most this many rows, or this many bytes of lines. */
const MAX_BATCH_ROWS = 500;
const MAX_BATCH_BYTES = 8 * 1_024 ** 2;

/** Collects rows of one table, which are restored together. */
function createBatch(store: Store) {
  const done: Done = { rows: 0, added: 0 };
  let table: Table = "receipts";
  let rows: Rows[Table][] = [];
  let weight = 0;

  async function flush(): Promise<void> {
    if (rows.length > 0) done.added += await store.restore(table, rows);
    done.rows += rows.length;
    rows = [];
    weight = 0;
  }

  return {
    done,
    flush,
    async add(row: AnyRow, bytes: number): Promise<void> {
      if (row.table !== table || rows.length === MAX_BATCH_ROWS || weight + bytes > MAX_BATCH_BYTES)
        await flush();
      table = row.table;
      rows.push(row.row);
      weight += bytes;
    },
  };
}

function refusal(message: string): CountersignError {
  return new CountersignError("bad_request", message);
}
