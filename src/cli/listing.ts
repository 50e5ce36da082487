import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { type AdminClient, connect, type QueryParameters } from "./admin-client.ts";
import type { SetUpCommand } from "./commands.ts";
import { table } from "./table.ts";
import { CONFIG_OPTION, type Terminal } from "./terminal.ts";

/** A command that prints a list of the admin API. */
export interface Listing<T> {
  path: string;
  /** Loose, so that `--json` prints what the API answers. */
  item: z.ZodType<T>;
  /** One of them, and several. */
  nouns: readonly [one: string, many: string];
  heading: readonly string[];
  row(item: T): readonly string[];
}

/**
 * A search for rare rows goes on page by page until it has looked at this many, which takes a few seconds at
 * most.
 */
const MAX_ROWS_LOOKED_AT = 100_000;

const MAX_ROWS_A_PAGE = 1_000;

export function listing<T>(
  what: Listing<T>,
  withOptions: (command: Command) => Command = (command) => command,
): SetUpCommand {
  return (command, terminal, done) => {
    withListOptions(withOptions(command)).action(async ({ config, limit, json, ...query }) => {
      const client = await connect(config, terminal);
      if (client) await printList(client, what, { query, limit, json }, terminal);
      done(client ? 0 : 1);
    });
  };
}

/** The options of every list. */
export function withListOptions(command: Command): Command {
  return command
    .option("--limit <n>", "the maximum number of rows", wholeNumber, 100)
    .option("--json", "print one JSON object per line")
    .option(...CONFIG_OPTION);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return Number(text);
}

/** The options of a list of rows that have a time. */
export function withOrder(command: Command): Command {
  return command
    .option("--order <order>", "newest or oldest: which come first", "newest")
    .option("--since <when>", "from then on: 2d (so long ago), or 2026-01-31T12:00:00Z")
    .option("--from <when>", "the same as --since")
    .option("--until <when>", "before then, which is written in the same way")
    .option("--cursor <cursor>", "go on where another call stopped");
}

interface ListOptions {
  query: QueryParameters;
  limit: number;
  json?: boolean;
}

/** Prints page after page, up to the limit, and whether there may be more. */
export async function printList<T>(
  client: AdminClient,
  { path, item, nouns, heading, row }: Listing<T>,
  { query, limit, json }: ListOptions,
  { stdout, stderr, signal }: Terminal,
): Promise<void> {
  const items: T[] = [];
  const { next, looked } = await walk(client, path, item, {
    query: () => ({ ...query, limit: Math.min(limit - items.length, MAX_ROWS_A_PAGE) }),
    take: (page) => void items.push(...page),
    isEnough: () => items.length >= limit || signal.aborted,
  });
  if (json) for (const item of items) stdout.write(`${JSON.stringify(item)}\n`);
  else if (items.length > 0) stdout.write(table(heading, items.map(row)));
  else if (next === null) stdout.write(`no ${nouns[0]}\n`);
  if (next === null) return;
  const why = items.length >= limit ? `… and more than --limit ${limit}` : lookedAt(looked, nouns[1]);
  (json ? stderr : stdout).write(`${why}: --cursor ${next} goes on\n`);
}

/** That a search stopped. */
export function lookedAt(rows: number, noun: string): string {
  return `looked at ${rows.toLocaleString("en")} ${noun}`;
}

interface Walk<T> {
  /** Of the next page. */
  query(): QueryParameters;
  take(items: readonly T[]): void;
  isEnough(): boolean;
}

/** Page after page, until it is enough or too many rows were looked at. */
export async function walk<T>(
  client: AdminClient,
  path: string,
  item: z.ZodType<T>,
  { query, take, isEnough }: Walk<T>,
): Promise<{ next: string | null; looked: number }> {
  const schema = z.object({
    items: z.array(item),
    next: z.string().nullable(),
    searched: z.number().nullable().default(null),
  });
  let next: string | null;
  let cursor: QueryParameters = {};
  let looked = 0;
  do {
    const page = await client.get(path, schema, { ...query(), ...cursor });
    take(page.items);
    looked += page.searched ?? 0;
    next = page.next;
    cursor = { cursor: next ?? undefined };
  } while (next !== null && !isEnough() && looked < MAX_ROWS_LOOKED_AT);
  return { next, looked };
}
