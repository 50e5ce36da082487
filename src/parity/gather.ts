import type { Draft } from "../domain/draft.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Channel } from "../inbound/channel.ts";
import { decodeInTurns } from "../inbound/decode.ts";
import { normalize } from "../inbound/normalize.ts";
import { asVerifiedBefore } from "../inbound/verify.ts";
import type { Page, PageRequest } from "../store/port/paging.ts";
import type { ReceiptRange } from "../store/port/reads.ts";
import { fieldsIn } from "./facts.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import { type Scope, type ScopeChannel, sharedFields } from "./scope.ts";

/** Where kept requests come from: a store, or a bridge that owns it. */
export interface Requests {
  /** In the order received. */
  read(range: ReceiptRange, page: PageRequest): Promise<Page<Receipt>>;
  find(id: string): Promise<Receipt | null>;
}

/** What was read of one channel. */
export interface ChannelReading {
  requests: number;
  tellings: number;
  /** Requests with an item that could not be read. */
  unreadable: number;
  /** Milliseconds since 1970. */
  first: number | null;
  last: number | null;
  /** Words that no table has, with their number, by `[object, value]` as JSON. */
  unknownWords: Map<string, number>;
  /** The mappings that the requests were recorded with, and when the last request of each came. */
  recordedWith: Map<string, number>;
}

export interface Gathered {
  ledger: Ledger;
  /** By the number of the channel. */
  channels: readonly ChannelReading[];
}

/** Bodies are forgotten with their page: longer ones are no faster, and take more memory. */
const REQUESTS_A_PAGE = 200;

/** The configured channel, as it is compared. */
export function toScopeChannel(channel: Channel, side: ScopeChannel["side"]): ScopeChannel {
  const { source, name, rules } = channel;
  const { words } = rules.event;
  const tables = JSON.stringify(words.map((word) => word.tables.toSorted()));
  return {
    ...{ source, name, side, tables: `${channel.mapping.digest} ${tables}` },
    tells: new Set(words.flatMap(({ tells }) => [...tells])),
    fields: fieldsIn(rules.event),
    isBatch: rules.read.each !== null,
  };
}

/**
 * Reads all kept requests of the channels again, page by page, by the mapping of today. `progress` is told
 * the number of requests so far; false: stop. Null: stopped.
 */
export async function gather(
  requests: Pick<Requests, "read">,
  channels: readonly Channel[],
  scope: Pick<Scope, "channels" | "leadFrom" | "until">,
  progress: (requests: number) => boolean,
): Promise<Gathered | null> {
  const ledger = createLedger(sharedFields(scope.channels));
  const readings = channels.map(newReading);
  const numbers = new Map(channels.map(({ source, name }, index) => [`${source}/${name}`, index]));
  const range = {
    channels: channels.map(({ source, name }) => ({ source, name })),
    from: scope.leadFrom,
    until: scope.until,
  };
  let cursor: string | undefined;
  do {
    const { items, next } = await requests.read(range, { cursor, limit: REQUESTS_A_PAGE });
    for (const receipt of items) {
      const number = numbers.get(`${receipt.source}/${receipt.channel}`);
      const [channel, reading] = [channels[number ?? -1], readings[number ?? -1]];
      if (number === undefined || !channel || !reading) continue;
      const { drafts, isWhole } = await readAgain(receipt, channel);
      ledger.add({ id: receipt.id, channel: number, receivedAt: receipt.receivedAt }, drafts);
      note(reading, receipt, drafts, isWhole);
    }
    if (!progress(ledger.requests)) return null;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return { ledger, channels: readings };
}

function newReading(): ChannelReading {
  return {
    ...{ requests: 0, tellings: 0, unreadable: 0, first: null, last: null },
    unknownWords: new Map(),
    recordedWith: new Map(),
  };
}

function note(
  reading: ChannelReading,
  { receivedAt, mapping }: Receipt,
  drafts: readonly Draft[],
  isWhole: boolean,
): void {
  reading.requests += 1;
  reading.tellings += drafts.length;
  if (!isWhole) reading.unreadable += 1;
  reading.first ??= receivedAt;
  reading.last = receivedAt;
  reading.recordedWith.set(mapping, receivedAt);
  for (const { type, code } of drafts) {
    if (type !== "unknown" || reading.unknownWords.size >= MAX_WORDS) continue;
    const word = JSON.stringify([code.object, code.value]);
    reading.unknownWords.set(word, (reading.unknownWords.get(word) ?? 0) + 1);
  }
}

/** Words of a channel that are told apart. */
const MAX_WORDS = 200;

/** What a kept request tells by the mapping of today. */
async function readAgain(
  receipt: Receipt,
  channel: Channel,
): Promise<{ drafts: readonly Draft[]; isWhole: boolean }> {
  const request = await asVerifiedBefore(receipt, channel);
  const { items, problems: undecoded } = await decodeInTurns(request, channel);
  const { drafts, problems } = normalize(items, request, channel);
  return { drafts, isWhole: undecoded.length + problems.length === 0 };
}

/** The drafts of a request with the item that each was made from. */
export async function readItems(
  receipt: Receipt,
  channel: Channel,
): Promise<readonly { draft: Draft; item: unknown }[]> {
  const request = await asVerifiedBefore(receipt, channel);
  const { items } = await decodeInTurns(request, channel);
  return items.flatMap((item, index) =>
    normalize([item], request, channel, index).drafts.map((draft) => ({ draft, item })),
  );
}
