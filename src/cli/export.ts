import { pipeline } from "node:stream/promises";
import { footerLine, type Header, headerLine, rowLine } from "../backup/ndjson.ts";
import { pagesOf } from "../backup/pages.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { plural } from "../domain/quantity.ts";
import type { Snapshot } from "../store/port/backup.ts";
import { type Rows, TABLES, type Table } from "../store/rows.ts";
import type { SetUpCommand } from "./commands.ts";
import { createConcealRow } from "./conceal-row.ts";
import { beginPart, finishPart, type Point, resumePart, writeTo } from "./part-file.ts";
import { type Progress, startProgress } from "./progress.ts";
import {
  type ChosenStore,
  chooseStore,
  placeOf,
  STORE_OPTION,
  type StoreOptions,
  withStore,
} from "./store-option.ts";
import { CONFIG_OPTION, INTERRUPTED, type Terminal } from "./terminal.ts";

interface ExportOptions extends StoreOptions {
  to?: string;
  resume?: true;
  json?: true;
}

export const exportCommand: SetUpCommand = (command, terminal, done) => {
  command
    .option("--to <file>", "the file to write, which only its owner may read; default: standard output")
    .option("--resume", "go on with the FILE.part of an export that was broken off")
    .option("--json", "print what was written as JSON")
    .option(...STORE_OPTION)
    .option(...CONFIG_OPTION)
    .action(async (options: ExportOptions) => done(await exportStore(options, terminal)));
};

/** The result of an export. */
interface Written {
  rows: number;
  /**
   * Null: not resumed. Otherwise the first part's header, and the tables whose number of rows changed since.
   */
  begun: { header: Header; changed: readonly Table[] } | null;
}

/** 0 once the export is complete, 130 when interrupted. */
async function exportStore(options: ExportOptions, terminal: Terminal): Promise<number> {
  const { to: file, json } = options;
  if (file === undefined && (options.resume || json))
    throw new CountersignError(
      "bad_request",
      "--resume and --json need --to: standard output has the export",
    );
  const choice = await chooseStore(options, terminal);
  if (!choice) return 1;
  const written = await withStore(choice.place, terminal, { mayBeMade: false }, async (store) => {
    const snapshot = concealing(await store.snapshot(), choice.config);
    try {
      return await (file === undefined
        ? writeOut(snapshot, terminal)
        : writeToFile(snapshot, { ...options, to: file }, terminal));
    } finally {
      await snapshot.close();
    }
  });
  if (!written) return interrupted(file, terminal);
  if (json) terminal.stdout.write(`${JSON.stringify(summarize(file, written))}\n`);
  else terminal.stderr.write(`${describe(written, placeOf(choice.place), file)}\n`);
  return 0;
}

/** The same rows without headers and parameters that became private after they were stored. */
function concealing(snapshot: Snapshot, config: ChosenStore["config"]): Snapshot {
  const conceal = createConcealRow(config);
  return {
    counts: () => snapshot.counts(),
    damage: () => snapshot.damage(),
    close: () => snapshot.close(),
    async rows(table, page) {
      const { items, next } = await snapshot.rows(table, page);
      return { items: items.map(conceal), next };
    },
  };
}

/** Null: interrupted. */
async function writeToFile(
  snapshot: Snapshot,
  { to: file, resume }: ExportOptions & { to: string },
  terminal: Terminal,
): Promise<Written | null> {
  const part = await (resume ? resumePart(file) : beginPart(file));
  try {
    const work = await startWork(snapshot, part.point, terminal);
    await writeTo(part, work.lines()).catch(asRefusal(file));
    work.progress.end();
    if (!work.isWhole()) return null;
    await finishPart(part, file).catch(asRefusal(file));
    const { point } = part;
    const changed = TABLES.filter((table) => point && point.header.rows[table] !== work.counts[table]);
    return { rows: work.rows(), begun: point && { header: point.header, changed } };
  } finally {
    await part.handle.close();
  }
}

/** Null: interrupted. */
async function writeOut(snapshot: Snapshot, terminal: Terminal): Promise<Written | null> {
  const work = await startWork(snapshot, null, terminal);
  await pipeline(work.lines(), terminal.stdout, { end: false }).catch(asRefusal("standard output"));
  work.progress.end();
  return work.isWhole() ? { rows: work.rows(), begun: null } : null;
}

/** An export in progress. */
interface Work {
  /** Chunks of one page; they end early when the terminal's signal is aborted. */
  lines(): AsyncGenerator<string>;
  /** The number of rows so far. */
  rows(): number;
  isWhole(): boolean;
  counts: Readonly<Record<Table, number>>;
  progress: Progress;
}

async function startWork(snapshot: Snapshot, point: Point | null, terminal: Terminal): Promise<Work> {
  const counts = await snapshot.counts();
  const progress = startProgress(
    terminal,
    TABLES.reduce((sum, table) => sum + counts[table], 0),
  );
  let rows = point?.rows ?? 0;
  let isWhole = false;

  async function* lines(): AsyncGenerator<string> {
    if (!point) yield headerLine({ at: Date.now(), rows: counts });
    for (const table of TABLES.slice(point ? TABLES.indexOf(point.table) : 0)) {
      const from = table === point?.table ? point.cursor : undefined;
      for await (const page of pagesOf(snapshot, table, from)) {
        if (terminal.signal.aborted) return;
        yield linesOf(table, page);
        rows += page.length;
        progress.to(rows);
      }
    }
    yield footerLine(rows);
    isWhole = true;
  }

  return { lines, rows: () => rows, isWhole: () => isWhole, counts, progress };
}

function linesOf<T extends Table>(table: T, page: readonly Rows[T][]): string {
  return page.map((row) => rowLine(table, row)).join("");
}

/** Rethrows the store's errors; others are the system's errors of a disk or a pipe. */
function asRefusal(where: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError("bad_request", `${where} cannot be written: ${messageOf(error)}`, {
      cause: error,
    });
  };
}

function interrupted(file: string | undefined, { stderr }: Terminal): number {
  stderr.write(
    file === undefined ? "interrupted: it is not whole\n" : "interrupted: --resume goes on from here\n",
  );
  return INTERRUPTED;
}

function summarize(file: string | undefined, { rows, begun }: Written): object {
  return { file, rows, resumed: begun !== null, changed: begun?.changed ?? [] };
}

function describe({ rows, begun }: Written, store: string, file: string | undefined): string {
  const what = `${plural(rows, "row")} of ${store} exported${file === undefined ? "" : ` to ${file}`}`;
  if (!begun) return what;
  const since = new Date(begun.header.at).toISOString();
  if (begun.changed.length === 0) return `${what}, a copy of one moment if no bridge has run since ${since}`;
  return `${what}, which is no copy of one moment: since ${since} there was a change to ${begun.changed.join(", ")}`;
}
