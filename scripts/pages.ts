import { concernTables } from "./concern-tables.ts";
import { configurationTables } from "./configuration-tables.ts";
import { eventTables } from "./event-tables.ts";
import { logTables } from "./log-tables.ts";
import { metricTable } from "./metric-table.ts";

/**
 * Tables in docs/ that are made from the code, by page and name. In the page each stands between two comments
 * that name it.
 */
const TABLES: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["docs/concerns.md", concernTables()],
  ["docs/configuration.md", configurationTables()],
  ["docs/events.md", eventTables()],
  ["docs/logs.md", logTables()],
  ["docs/metrics.md", new Map([["metrics", metricTable()]])],
]);

export const GENERATED_PAGES: readonly string[] = [...TABLES.keys()];

/**
 * The text of a page with its tables as the code has them now.
 *
 * @throws Error when the page has no place for one of its tables, or a place for a table that does not exist.
 */
export function withTables(page: string, text: string): string {
  const tables = new Map(TABLES.get(page));
  const written = text.replace(PLACE, (_, name: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`${page}: there is no table ${name}, or it has two places`);
    tables.delete(name);
    return `${beginOf(name)}\n\n${table}\n\n${END}`;
  });
  if (tables.size > 0) throw new Error(`${page} has no place for ${[...tables.keys()].join(", ")}`);
  return written;
}

const beginOf = (name: string) => `<!-- begin: ${name}, written by npm run schemas -->`;
const END = "<!-- end -->";
const PLACE = /<!-- begin: (\w+), written by npm run schemas -->.*?<!-- end -->/gs;
