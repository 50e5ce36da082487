import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { z } from "zod";
import { CountersignError, messageOf } from "../domain/errors.ts";
import { inert } from "../domain/inert.ts";
import { plural } from "../domain/quantity.ts";
import type { Channel } from "../inbound/channel.ts";
import { compare, type Difference } from "../inbound/compare.ts";
import type { Mapping } from "../mapping/compile.ts";
import { parseMapping } from "../mapping/load.ts";
import { formatProblem } from "../yaml.ts";
import { type AdminClient, createAdminClient, listOf } from "./admin-client.ts";
import { startProgress } from "./progress.ts";
import { fail, readConfig, type Terminal } from "./terminal.ts";

const ComparedReceipt = z.object({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: z.number(),
  query: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.base64(),
});

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
    const found = compare({ ...receipt, body: Buffer.from(receipt.body, "base64") }, channel, next);
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
