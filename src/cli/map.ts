import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { mappingFolders } from "../config.ts";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { inert } from "../domain/inert.ts";
import { parseSince, plural } from "../domain/quantity.ts";
import type { Problem } from "../domain/receipt.ts";
import { type Preview, preview } from "../inbound/preview.ts";
import type { Mapping } from "../mapping/compile.ts";
import { loadMapping } from "../mapping/load.ts";
import { formatProblem } from "../yaml.ts";
import type { SetUpCommand } from "./commands.ts";
import { mapDiff } from "./map-diff.ts";
import { columnsOf } from "./table.ts";
import { CONFIG_OPTION, fail, type Terminal } from "./terminal.ts";

interface MapOptions {
  config: string;
  mapping: string;
  channel?: string;
  query: string;
  contentType?: string;
  header: Record<string, string>;
  json?: boolean;
  diff?: boolean;
  since?: string;
}

export const mapCommand: SetUpCommand = (command, terminal, done) => {
  command
    .argument("[file]", "the body as it was posted; - for standard input")
    .requiredOption("--mapping <name>", "the provider's mapping, such as legalesign; with --diff a file")
    .option("--channel <name>", "the channel it came in on, such as batch")
    .option("--query <text>", "the URL's query, such as trigger=signed", "")
    .option("--content-type <type>", "the request's content type, where it matters (multipart forms)")
    .option(
      "--header <line>",
      "a header of the request, such as 'x-event: signed'; can be repeated",
      addHeader,
      {},
    )
    .option("--diff", "compare how the present and the new mapping read a running bridge's stored requests")
    .option("--since <when>", "with --diff: received since then: 7d, or 2026-01-31T12:00:00Z", "7d")
    .option("--json", "print the events, or the differences, as JSON, one per line")
    .option(
      CONFIG_OPTION[0],
      "mappings beside this file take precedence over those shipped",
      CONFIG_OPTION[2],
    )
    .action(async (file: string | undefined, options: MapOptions) =>
      done(await run(file, options, terminal)),
    );
};

async function run(file: string | undefined, options: MapOptions, terminal: Terminal): Promise<number> {
  const { diff, channel, config, mapping, json = false } = options;
  if (diff) return mapDiff({ config, mapping, json, since: momentOf(options.since ?? "7d") }, terminal);
  if (file !== undefined && channel !== undefined) return map(file, { ...options, channel }, terminal);
  return fail(
    terminal,
    "name the file and its --channel, or --diff to compare mappings on a bridge's stored requests",
  );
}

/** @throws CountersignError `bad_request` when the text is neither a moment nor a duration ago. */
function momentOf(text: string): number {
  const at = parseSince(text, Date.now());
  if (at !== null) return at;
  throw new CountersignError(
    "bad_request",
    `--since ${text} is neither a moment such as 2026-01-31T12:00:00Z nor how long ago, such as 7d`,
  );
}

/** 0 when every item was read, 1 otherwise. */
async function map(
  file: string,
  options: MapOptions & { channel: string },
  terminal: Terminal,
): Promise<number> {
  const folder = dirname(resolve(options.config));
  const { mapping, problems, absent } = await loadMapping(options.mapping, mappingFolders(folder));
  for (const problem of problems) terminal.stderr.write(`${formatProblem(problem)}\n`);
  if (!mapping)
    return fail(terminal, absent ?? `the mapping ${options.mapping} has ${problems.length} problem(s)`);

  const rules = mapping.channels.get(options.channel);
  if (!rules) {
    const known = [...mapping.channels.keys()].join(", ");
    return fail(
      terminal,
      `the mapping ${options.mapping} has no channel ${options.channel}: it has ${known}`,
    );
  }
  const body = await readBody(file);
  const shown = preview({ mapping, rules, body, query: options.query, headers: headersOf(options) });
  terminal.stdout.write(options.json ? toJsonLines(shown) : toTable(file, mapping, options.channel, shown));
  for (const problem of shown.problems) terminal.stderr.write(`${inert(describeProblem(problem))}\n`);
  return shown.problems.length === 0 ? 0 : 1;
}

/** @throws InvalidArgumentError when the line is not a header. */
function addHeader(line: string, before: Record<string, string>): Record<string, string> {
  const [, name = "", value = ""] = /^([\w!#$%&'*+.^`|~-]+):\s*(.*?)\s*$/.exec(line) ?? [];
  if (name === "") throw new InvalidArgumentError("A header is written name: value.");
  const key = name.toLowerCase();
  // As in a received request: repeated headers are joined.
  return { ...before, [key]: Object.hasOwn(before, key) ? `${before[key]}, ${value}` : value };
}

function headersOf({ header, contentType }: MapOptions): Record<string, string> {
  return contentType === undefined ? header : { ...header, "content-type": contentType };
}

async function readBody(file: string): Promise<Buffer> {
  try {
    return await readFile(file === "-" ? "/dev/stdin" : file);
  } catch (error) {
    throw new CountersignError("bad_request", `${file} cannot be read: ${messageOf(error)}`);
  }
}

function toJsonLines({ items }: Preview): string {
  return items.flatMap(({ events }) => events.map((event) => `${JSON.stringify(event)}\n`)).join("");
}

function toTable(file: string, mapping: Mapping, channel: string, { items, problems }: Preview): string {
  const rows = items.flatMap(({ item, events }) =>
    events.map((event) => [`item ${item}`, ...cellsOf(event)]),
  );
  const repeats = items.reduce((sum, { duplicates }) => sum + duplicates.length, 0);
  const silent = items.filter(({ events, duplicates }) => events.length + duplicates.length === 0).length;
  const counts = [
    plural(items.length, "item"),
    plural(rows.length, "event"),
    ...(repeats > 0 ? [`${repeats} told again`] : []),
    ...(silent > 0 ? [`${silent} without an event`] : []),
    plural(problems.length, "problem"),
  ];
  return `${file}, read as ${channel} by ${mapping.digest}\n\n${columnsOf(rows)}\n${counts.join(", ")}\n`;
}

function cellsOf({ type, time, code, signer, document }: Event): string[] {
  const said = [code.object, code.value, code.meaning === null ? null : `(${code.meaning})`];
  return [
    said.filter((part) => part !== null).join(" "),
    `→ ${type}`,
    time,
    document ? `document ${document.id}` : "document not known",
    signer ? `signer ${signer.id}` : "",
  ];
}

function describeProblem({ item, field, message }: Problem): string {
  const where = [item === null ? null : `item ${item}`, field].filter((part) => part !== null).join(", ");
  const text = field !== null && message.startsWith(`${field} `) ? message.slice(field.length + 1) : message;
  return where === "" ? message : `${where}: ${text}`;
}
