import { setImmediate } from "node:timers/promises";
import type { Subscriber } from "../domain/destination.ts";
import type { Problem, Receipt, Rejection } from "../domain/receipt.ts";
import type { PageRequest } from "../store/port/paging.ts";
import type { Store } from "../store/store.ts";
import { type Channel, channelAt } from "./channel.ts";
import { refuseCodings, withContent } from "./content.ts";
import { readAhead } from "./decode.ts";
import { interpret, type OnRecorded, type PlannedRecord, recordEach } from "./interpret.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { verifyInTurns } from "./verify.ts";

/** Which requests are read again. */
export interface ReprocessRequest {
  /** `problems`: genuine ones that could not be read wholly; `rejected`: those refused as not genuine. */
  which: "problems" | "rejected";
  source?: string | undefined;
  /** Received at or after, milliseconds since 1970. */
  since?: number | undefined;
  /** Only say what would come of it. */
  dryRun: boolean;
}

/** What came of one page of them. */
export interface Reprocessed {
  checked: number;
  /** Those that are read wholly now, or are found genuine. */
  fixed: number;
  /** New events; in a dry run happenings told, known ones among them. */
  events: number;
  next: string | null;
}

export interface ReprocessParts {
  store: Pick<
    Store,
    "findReceipts" | "findReceipt" | "amend" | "findRejections" | "dropRejection" | "record"
  >;
  /** What is configured at the moment: a page takes a while, and a reload may come meanwhile. */
  channels(): readonly Channel[];
  subscribers(): readonly Subscriber[];
  newReceiptId(receivedAt: number): string;
  /** Nothing is sent without it: it wakes the dispatcher. */
  recorded: OnRecorded;
}

type ReprocessOne = (id: string) => Promise<{ fixed: boolean; events: number } | null>;

/**
 * Reads kept requests again, after a mapping or a secret was fixed, and forwards what they now give: once, since what was told
 * before is known by its key. Reading a page twice changes nothing.
 */
export function createReprocess(
  parts: ReprocessParts,
): (wish: ReprocessRequest, page: PageRequest) => Promise<Reprocessed> {
  const { store } = parts;
  return async (wish, page) => {
    const { source, since = 0 } = wish;
    const isAsked = ({ receivedAt }: { receivedAt: number }) => receivedAt >= since;
    if (wish.which === "problems") {
      const { items, next } = await store.findReceipts({ problems: true, source }, page);
      const ids = items.filter(isAsked).map(({ id }) => id);
      return { ...(await sum(ids, (id) => reprocessReceipt(id, wish, parts))), next };
    }
    const { items, next } = await store.findRejections({ source }, page);
    const rejections = new Map(items.filter(isAsked).map((one) => [one.id, one]));
    const results = await sum([...rejections.keys()], async (id) => {
      const rejection = rejections.get(id);
      return rejection ? judgeAgain(rejection, wish, parts) : null;
    });
    return { ...results, next };
  };
}

async function sum(ids: readonly string[], reprocessOne: ReprocessOne): Promise<Omit<Reprocessed, "next">> {
  const total = { checked: 0, fixed: 0, events: 0 };
  for (const id of ids) {
    const result = await reprocessOne(id);
    if (!result) continue;
    total.checked += 1;
    total.fixed += result.fixed ? 1 : 0;
    total.events += result.events;
  }
  return total;
}

/** Null: the receipt is gone, or its channel is no longer configured. */
async function reprocessReceipt(id: string, { dryRun }: ReprocessRequest, parts: ReprocessParts) {
  const receipt = await parts.store.findReceipt(id);
  const channel = receipt && channelAt(parts.channels(), receipt);
  if (!channel) return null;
  const raw = await withContent(toRequest(receipt, receipt.body, channel), channel.maxBody);
  const request: VerifiedRequest = { ...raw, verified: receipt.verified };
  await readAhead(request, channel);
  const readings = interpret(receipt.id, request, channel, parts.subscribers);
  const { problems, events } = dryRun
    ? await count(readings)
    : await record(readings, parts.store.amend, parts);
  return { fixed: problems.length === 0, events };
}

/** Null: it is still refused without a doubt, since not all of its body was kept or its channel is no longer configured. */
async function judgeAgain(rejection: Rejection, { dryRun }: ReprocessRequest, parts: ReprocessParts) {
  const channel = channelAt(parts.channels(), rejection);
  if (!channel || !rejection.body || rejection.shown.cutFrom !== undefined) return null;
  if (refuseCodings(rejection) !== null) return { fixed: false, events: 0 };
  const kept = { ...toRequest(rejection, rejection.body, channel), shown: rejection.shown };
  const raw = await withContent(kept, channel.maxBody);
  if (raw.content && "tooLong" in raw.content) return { fixed: false, events: 0 };
  const request = await verifyInTurns(raw, channel);
  if ("refused" in request) return { fixed: false, events: 0 };

  await readAhead(request, channel);
  const readings = interpret(parts.newReceiptId(rejection.receivedAt), request, channel, parts.subscribers);
  if (dryRun) return { fixed: true, events: (await count(readings)).events };
  const { events } = await record(readings, parts.store.record, parts);
  await parts.store.dropRejection(rejection.id);
  return { fixed: true, events };
}

/** What they come to. */
interface Sum {
  problems: readonly Problem[];
  events: number;
}

async function record(
  readings: Iterable<PlannedRecord>,
  first: Store["record"],
  { store, recorded: announce }: ReprocessParts,
): Promise<Sum> {
  const { recorded, problems } = await recordEach(readings, first, store.amend, announce);
  return { problems, events: recorded.events.length };
}

/** Without recording them. Others have their turn between two. */
async function count(readings: Iterable<PlannedRecord>): Promise<Sum> {
  const sum: Sum = { problems: [], events: 0 };
  for (const { recording, problems } of readings) {
    sum.problems = problems;
    sum.events += recording.lookup.dedupeKeys.length;
    await setImmediate();
  }
  return sum;
}

function toRequest(
  kept: Omit<Receipt | Rejection, "body">,
  body: Uint8Array,
  { maxValues }: Channel,
): RawRequest {
  const { source, channel, receivedAt, headers } = kept;
  const query = new URLSearchParams(kept.query);
  return { source, channel, receivedAt, headers, query, pathToken: null, body, maxValues };
}
