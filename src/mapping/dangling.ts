import { entriesOf } from "../yaml.ts";
import { unknownName } from "./suggest.ts";

/** A reference or a field that a mapping file needs and does not have. */
export interface Dangling {
  path: KeyPath;
  message: string;
}

/**
 * Finds names of missing tables, channels without `event`, and channels without `time` where a word reopens
 * documents: then only the time distinguishes an event of the first round from the next. Works on unchecked
 * data, so that other mistakes of the file do not hide these.
 */
export function findDangling(file: unknown): Dangling[] {
  const tables = Object.keys(entriesOf(memberOf(file, "tables")));
  const channels = Object.entries(entriesOf(memberOf(file, "channels")));
  const events = [
    { path: ["event"], event: memberOf(file, "event") },
    ...channels.map(([name, channel]) => ({
      path: ["channels", name, "event"],
      event: memberOf(channel, "event"),
    })),
  ];
  return [
    ...events.flatMap(({ path, event }) => danglingTables(event, path, tables)),
    ...(memberOf(file, "event") === undefined ? channels.flatMap(withoutEvent) : []),
    ...(canReopen(file) ? events.flatMap(withoutTime) : []),
  ];
}

function canReopen(file: unknown): boolean {
  const tables = Object.values(entriesOf(memberOf(file, "tables")));
  return tables.some((words) =>
    Object.values(entriesOf(words)).some((entry) =>
      each(entry, []).some(({ value }) => memberOf(value, "reopen") !== undefined),
    ),
  );
}

function withoutTime({ path, event }: { path: KeyPath; event: unknown }): Dangling[] {
  const times = each(memberOf(event, "time"), []).map(({ value }) => value);
  const lack = times.includes(undefined)
    ? "has no `time`"
    : times.some((time) => memberOf(time, "optional") === true)
      ? "has a `time` that is `optional`"
      : null;
  if (event === undefined || lack === null) return [];
  return [{ path, message: `${lack}, but a word says \`reopen\`: times tell the first round from the next` }];
}

function withoutEvent([name, channel]: [string, unknown]): Dangling[] {
  if (memberOf(channel, "event") !== undefined) return [];
  return [{ path: ["channels", name], message: "has no `event`, and there is none at the top of the file" }];
}

type KeyPath = readonly (string | number)[];

function danglingTables(event: unknown, path: KeyPath, tables: readonly string[]): Dangling[] {
  return each(memberOf(event, "word"), [...path, "word"])
    .flatMap((word) => each(memberOf(word.value, "table"), [...word.path, "table"]))
    .flatMap(({ value, path }) =>
      typeof value === "string" && !tables.includes(value)
        ? [{ path, message: unknownName("a table", value, tables) }]
        : [],
    );
}

/** The elements of a list, or the one value, each with its path. */
function each(value: unknown, path: KeyPath): { value: unknown; path: KeyPath }[] {
  return Array.isArray(value)
    ? value.map((one: unknown, index) => ({ value: one, path: [...path, index] }))
    : [{ value, path }];
}

function memberOf(value: unknown, key: string): unknown {
  return entriesOf(value)[key];
}
