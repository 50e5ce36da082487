import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { CountersignError, messageOf } from "../domain/errors.ts";
import type { Event } from "../domain/event.ts";
import { inert } from "../domain/inert.ts";
import { plural } from "../domain/quantity.ts";
import type { Channel } from "../inbound/channel.ts";
import { preview } from "../inbound/preview.ts";
import type { Mapping } from "../mapping/compile.ts";
import { parseMapping } from "../mapping/load.ts";
import { formatProblem } from "../yaml.ts";
import { type AdminClient, createAdminClient, listOf } from "./admin-client.ts";
import { startProgress } from "./progress.ts";
import { fail, readConfig, type Terminal } from "./terminal.ts";

/** One difference between the present and the new mapping's reading of the same stored request. */
export interface Difference {
  receipt: string;
  /** `fails`: only the present mapping can read an item; `reads`: only the new one can. */
  kind: "changes" | "appears" | "vanishes" | "fails" | "reads";
  text: string;
}

const ComparedReceipt = z.object({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.base64(),
});
type ComparedReceipt = z.infer<typeof ComparedReceipt>;

const ListedReceipt = z.object({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
});

export interface MapDiffOptions {
  config: string;
  /** The new mapping's file. */
  mapping: string;
  /** Receipts received at or after this moment, milliseconds since 1970. */
  since: number;
  json: boolean;
}

/** 0 when nothing would be lost, 1 when an event would vanish or an item could no longer be read. */
export async function mapDiff(
  { config: file, mapping, since, json }: MapDiffOptions,
  terminal: Terminal,
): Promise<number> {
  const config = await readConfig(file, terminal);
  if (!config) return 1;
  const next = await readNew(mapping, terminal);
  if (!next) return fail(terminal, `${mapping} is not good; nothing was compared`);
  const channels = config.channels.filter((channel) => channel.mapping.provider === next.provider);
  if (channels.length === 0)
    return fail(terminal, `no source of the configuration has the provider ${next.provider}`);

  const compared = await compareAll(createAdminClient(config), channels, next, since, terminal);
  print(compared, json, terminal);
  return compared.differences.some(({ kind }) => kind === "vanishes" || kind === "fails") ? 1 : 0;
}

async function readNew(file: string, { stderr }: Terminal): Promise<Mapping | null> {
  try {
    const text = await readFile(file, "utf8");
    const { mapping, problems } = parseMapping(text, file, basename(file, ".yaml"));
    for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
    return mapping;
  } catch (error) {
    throw new CountersignError("bad_request", `${file} cannot be read: ${messageOf(error)}`);
  }
}

interface Comparison {
  receipts: number;
  same: number;
  differences: readonly Difference[];
}

async function compareAll(
  client: AdminClient,
  channels: readonly Channel[],
  next: Mapping,
  since: number,
  terminal: Terminal,
): Promise<Comparison> {
  const wanted = await listReceipts(client, channels, since);
  const progress = startProgress(terminal, wanted.length);
  const differences: Difference[] = [];
  let same = 0;
  for (const [done, { id, source, channel: name }] of wanted.entries()) {
    const channel = channels.find((one) => one.source === source && one.name === name);
    if (terminal.signal.aborted || !channel) break;
    const receipt = await client.get(`api/v1/receipts/${id}`, ComparedReceipt);
    const found = compare(receipt, channel, next);
    differences.push(...found);
    if (found.length === 0) same += 1;
    progress.to(done + 1);
  }
  progress.end();
  return { receipts: wanted.length, same, differences };
}

async function listReceipts(client: AdminClient, channels: readonly Channel[], since: number) {
  const wanted: z.infer<typeof ListedReceipt>[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await client.get("api/v1/receipts", listOf(ListedReceipt), {
      ...{ from: since, order: "oldest", limit: 1_000 },
      ...(cursor ? { cursor } : {}),
    });
    wanted.push(
      ...page.items.filter(({ source, channel }) =>
        channels.some((one) => one.source === source && one.name === channel),
      ),
    );
    cursor = page.next;
  }
  return wanted;
}

/** Reads the same request with both mappings. Pure. */
export function compare(receipt: ComparedReceipt, present: Channel, next: Mapping): Difference[] {
  const rules = next.channels.get(present.name);
  if (!rules)
    return [{ receipt: receipt.id, kind: "fails", text: `the new mapping has no channel ${present.name}` }];
  const { query, headers } = receipt;
  const body = Buffer.from(receipt.body, "base64");
  const before = preview({ mapping: present.mapping, rules: present.rules, body, query, headers });
  const after = preview({ mapping: next, rules, body, query, headers });
  const say = (kind: Difference["kind"], text: string): Difference => ({ receipt: receipt.id, kind, text });

  const old = byId(before.items.flatMap(({ events }) => events));
  const now = byId(after.items.flatMap(({ events }) => events));
  const problemsBefore = new Set(before.problems.map(({ message }) => message));
  const problemsAfter = new Set(after.problems.map(({ message }) => message));
  return [
    ...[...old].filter(([id]) => !now.has(id)).map(([, event]) => say("vanishes", nameOf(event))),
    ...[...now].filter(([id]) => !old.has(id)).map(([, event]) => say("appears", nameOf(event))),
    ...[...now].flatMap(([id, event]) => {
      const changed = changesOf(old.get(id), event);
      return changed.length > 0 ? [say("changes", `${nameOf(event)}: ${changed.join(", ")}`)] : [];
    }),
    ...[...problemsAfter]
      .filter((message) => !problemsBefore.has(message))
      .map((message) => say("fails", message)),
    ...[...problemsBefore]
      .filter((message) => !problemsAfter.has(message))
      .map((message) => say("reads", message)),
  ];
}

function byId(events: readonly Event[]): Map<string, Event> {
  return new Map(events.map((event) => [event.id, event]));
}

/** The parts of an event that differ, without the mapping's name and the sequence. */
function changesOf(before: Event | undefined, after: Event): string[] {
  if (!before) return [];
  const ignored = ["provenance", "sequence"];
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(
      ([key, value]) => !ignored.includes(key) && JSON.stringify(value) !== JSON.stringify(old.get(key)),
    )
    .map(([key]) => key);
}

function nameOf({ type, code, id }: Event): string {
  return `${type} (${[code.object, code.value].filter((part) => part !== null).join(" ")}) ${id}`;
}

/** The most lines that are printed for people; programs get all. */
const MAX_LINES = 50;

function print({ receipts, same, differences }: Comparison, json: boolean, { stdout }: Terminal): void {
  if (json) {
    for (const difference of differences) stdout.write(`${JSON.stringify(difference)}\n`);
    return;
  }
  for (const { receipt, kind, text } of differences.slice(0, MAX_LINES)) {
    stdout.write(`${kind.padEnd(8)}  ${receipt}  ${inert(text)}\n`);
  }
  if (differences.length > MAX_LINES)
    stdout.write(`… and ${differences.length - MAX_LINES} more: --json shows all\n`);
  const counts = Object.entries(Object.groupBy(differences, ({ kind }) => kind));
  const said = counts.map(([kind, some = []]) => `${some.length} ${kind}`).join(", ");
  stdout.write(
    `${plural(receipts, "kept request")} read by both: ${same} the same${said ? `; ${said}` : ""}\n`,
  );
}
