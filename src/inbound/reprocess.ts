import { setImmediate } from "node:timers/promises";
import type { Subscriber } from "../domain/destination.ts";
import type { Problem, Rejection } from "../domain/receipt.ts";
import type { PageRequest } from "../store/port/paging.ts";
import type { Store } from "../store/store.ts";
import { type Channel, channelAt } from "./channel.ts";
import { refuseCodings } from "./content.ts";
import { decodeInTurns } from "./decode.ts";
import {
  type InterpretParts,
  interpret,
  type OnRecorded,
  type PlannedRecord,
  recordEach,
} from "./interpret.ts";
import { openRequest } from "./open-request.ts";
import type { RequestResult } from "./reply.ts";
import { requestOfRejection } from "./stored-request.ts";
import { type RequestTracer, UNTRACED } from "./trace.ts";
import { asVerifiedBefore, verifyInTurns } from "./verify.ts";

/** Which stored requests are reprocessed. */
export interface ReprocessRequest {
  /** `problems`: receipts that could not be read wholly; `rejected`: requests refused as not genuine. */
  which: "problems" | "rejected";
  source?: string | undefined;
  /** Received at or after, milliseconds since 1970. */
  since?: number | undefined;
  /** Only count; nothing is recorded. */
  dryRun: boolean;
}

/** The result of one page. */
export interface Reprocessed {
  checked: number;
  /** Requests that are read wholly now, or are found genuine. */
  fixed: number;
  /** New events; in a dry run all happenings, recorded ones among them. */
  events: number;
  next: string | null;
}

export interface ReprocessParts {
  store: Pick<
    Store,
    "findReceipts" | "findReceipt" | "amend" | "findRejections" | "dropRejection" | "record"
  >;
  /** The channels of the current configuration: a reload may come while a page is reprocessed. */
  channels(): readonly Channel[];
  subscribers(): readonly Subscriber[];
  newReceiptId(receivedAt: number): string;
  /** Nothing is sent without it: it wakes the dispatcher. */
  recorded: OnRecorded;
  tracer: RequestTracer;
}

type ReprocessOne = (id: string) => Promise<{ fixed: boolean; events: number } | null>;

/**
 * Reprocesses stored requests after a mapping or a secret was fixed, and forwards their events. Dedupe keys
 * recognise events that are recorded already, so reprocessing a page twice changes nothing.
 */
export function createReprocess(
  parts: ReprocessParts,
): (request: ReprocessRequest, page: PageRequest) => Promise<Reprocessed> {
  const { store } = parts;
  return async (request, page) => {
    const { source, since = 0 } = request;
    const isAsked = ({ receivedAt }: { receivedAt: number }) => receivedAt >= since;
    if (request.which === "problems") {
      const { items, next } = await store.findReceipts({ problems: true, source }, page);
      const ids = items.filter(isAsked).map(({ id }) => id);
      return { ...(await sum(ids, (id) => reprocessReceipt(id, request, parts))), next };
    }
    const { items, next } = await store.findRejections({ source }, page);
    const rejections = new Map(items.filter(isAsked).map((one) => [one.id, one]));
    const results = await sum([...rejections.keys()], async (id) => {
      const rejection = rejections.get(id);
      return rejection ? reprocessRejection(rejection, request, parts) : null;
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
export async function reprocessReceipt(
  id: string,
  { dryRun }: Pick<ReprocessRequest, "dryRun">,
  parts: Omit<ReprocessParts, "newReceiptId">,
): Promise<{ fixed: boolean; events: number } | null> {
  const receipt = await parts.store.findReceipt(id);
  const channel = receipt && channelAt(parts.channels(), receipt);
  if (!channel) return null;
  const request = await asVerifiedBefore(receipt, channel);
  const mode = channel.shadow ? "shadow" : receipt.shadow ? "released" : "live";
  const to = { receiptId: receipt.id, request, channel, mode } as const;
  const { problems, events } = dryRun
    ? await count(await plan(to, parts))
    : await record(to, parts.store.amend, parts);
  return { fixed: problems.length === 0, events };
}

/** Null: the rejection cannot be checked again, since its body is not stored whole or its channel is gone. */
async function reprocessRejection(rejection: Rejection, { dryRun }: ReprocessRequest, parts: ReprocessParts) {
  const channel = channelAt(parts.channels(), rejection);
  if (!channel || !rejection.body || rejection.shown.cutFrom !== undefined) return null;
  if (refuseCodings(rejection) !== null) return { fixed: false, events: 0 };
  const raw = await requestOfRejection(rejection, rejection.body, channel);
  if (raw.content && "tooLong" in raw.content) return { fixed: false, events: 0 };
  const request = await verifyInTurns(openRequest(raw, channel.rules.read), channel);
  if ("refused" in request) return { fixed: false, events: 0 };

  const mode = channel.shadow ? "shadow" : "live";
  const to = { receiptId: parts.newReceiptId(rejection.receivedAt), request, channel, mode } as const;
  if (dryRun) return { fixed: true, events: (await count(await plan(to, parts))).events };
  const { events } = await record(to, parts.store.record, parts);
  await parts.store.dropRejection(rejection.id);
  return { fixed: true, events };
}

/** A genuine request, and the receipt that it has or gets. */
type Genuine = Omit<InterpretParts, "subscribers" | "creationOf">;

async function plan(
  genuine: Genuine,
  { subscribers }: Pick<ReprocessParts, "subscribers">,
  trace = UNTRACED,
): Promise<Iterable<PlannedRecord>> {
  const { creationOf } = trace;
  const decoded = await trace.step("read", () => decodeInTurns(genuine.request, genuine.channel));
  return interpret(decoded, { ...genuine, subscribers, creationOf });
}

/** The sum over the slices of one request. */
interface Sum {
  problems: readonly Problem[];
  events: number;
}

async function record(
  genuine: Genuine,
  first: Store["record"],
  parts: Pick<ReprocessParts, "store" | "recorded" | "tracer" | "subscribers">,
): Promise<Sum> {
  const { store, recorded: announce, tracer } = parts;
  const { receiptId: receipt, channel } = genuine;
  const trace = tracer.reprocess({ source: channel.source, channel: channel.name, receipt });
  let outcome: RequestResult["outcome"] = "internal";
  try {
    const planned = await plan(genuine, parts, trace);
    const { recorded, problems } = await recordEach(planned, first, store.amend, announce, trace);
    outcome = problems.length > 0 ? "problem" : "accepted";
    return { problems, events: recorded.events.length };
  } finally {
    trace.end({ outcome, receipt });
  }
}

/** Counts without recording. Other requests have a turn after each slice. */
async function count(planned: Iterable<PlannedRecord>): Promise<Sum> {
  const sum: Sum = { problems: [], events: 0 };
  for (const { record, problems } of planned) {
    sum.problems = problems;
    sum.events += record.lookup.dedupeKeys.length;
    await setImmediate();
  }
  return sum;
}
