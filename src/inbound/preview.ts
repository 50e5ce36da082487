import type { Document } from "../domain/document.ts";
import type { Draft } from "../domain/draft.ts";
import type { Event } from "../domain/event.ts";
import { lookupOf } from "../domain/lookup.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, resolve } from "../domain/resolve.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import type { PlaceRef } from "../mapping/request-place.ts";
import type { Origin, Tracer } from "../mapping/trace.ts";
import { textAt, textProblems } from "./at-place.ts";
import { contentAtOnce, withContent } from "./content.ts";
import { decoding } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { atOnce, inTurns, type Steps } from "./steps.ts";
import type { ReadLimits } from "./stored-request.ts";
import { withoutChecks } from "./verify.ts";

export interface PreviewRequest {
  mapping: Mapping;
  rules: MappingChannel;
  body: Uint8Array;
  /** As in the URL, without the question mark. */
  query: string;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
  /** It is part of the ids of events; absent: the provider's name. */
  source?: string;
  /** When it came, milliseconds since 1970: the time of events that the payload gives none. Absent: 1970. */
  receivedAt?: number;
  /** The checks that it passed when it came; absent: none. */
  verified?: string;
  /** Tells which lines of the mapping made the parts of the first items; absent: nobody asks. */
  trace?: Tracer | null;
}

/** How much of a request is read. */
export type PreviewLimits = ReadLimits;

/** The events of a request, as if nothing were recorded before it. */
export interface Preview {
  items: readonly PreviewItem[];
  problems: readonly Problem[];
}

/** One item of the payload. It has no event where it has a problem, or its word is ignored. */
export interface PreviewItem {
  item: number;
  events: readonly Event[];
  /** Ids of events that an earlier item has reported. */
  duplicates: readonly string[];
  /** What the item says, before it is compared with what is known. */
  drafts: readonly Draft[];
  /** Where its parts come from; empty where nobody asked. */
  origins: readonly Origin[];
}

/** Where nothing else runs, a dry run holds up no other request, so its limits are wide. */
const WIDE = { maxBody: 1_024 ** 3, maxValues: Number.POSITIVE_INFINITY };

const NO_RULES = { subscribers: [], coalesce: 0 };

/** Items whose parts are traced. */
export const MAX_TRACED = 20;

/** Items that are read in one step. */
const ITEMS_PER_STEP = 50;

/** A dry run: nothing is verified and nothing is recorded. */
export function preview(request: PreviewRequest): Preview {
  const raw = rawOf(request, WIDE);
  return atOnce(previewing({ ...raw, content: contentAtOnce(raw, WIDE.maxBody) }, request));
}

/** The same in a running bridge: with turns for other requests in between, and with its limits. */
export async function previewInTurns(request: PreviewRequest, limits: PreviewLimits): Promise<Preview> {
  const raw = await withContent(rawOf(request, limits), limits.maxBody);
  return inTurns(previewing(raw, request));
}

function rawOf(
  { mapping, rules, body, query, headers = {}, source, receivedAt = 0 }: PreviewRequest,
  { maxValues }: PreviewLimits,
): RawRequest {
  return {
    source: source ?? mapping.provider,
    channel: rules.name,
    query: new URLSearchParams(query),
    ...{ pathToken: null, headers, body, receivedAt, maxValues },
  };
}

function* previewing(raw: RawRequest, { mapping, rules, verified, trace }: PreviewRequest): Steps<Preview> {
  const channel = { source: raw.source, name: raw.channel, mapping, rules, coalesce: 0, ...WIDE };
  const request = withoutChecks(raw, channel, verified);
  const decoded = yield* decoding(request, channel);
  const problems: Problem[] = [...decoded.problems];
  const documents = new Map<string, Document>();
  const links = new Map<string, string>();
  const reported = new Map<string, readonly string[]>();
  const receipt = toReceipt(request, mapping);
  const items: PreviewItem[] = [];
  for (const [item, payload] of decoded.items.entries()) {
    if (item % ITEMS_PER_STEP === ITEMS_PER_STEP - 1) yield;
    const { drafts, problems: unread } = normalize([payload], request, channel);
    problems.push(...unread.map((problem) => ({ ...problem, item })));
    const known = knownOf(receipt, drafts, { documents, links, events: reported });
    const resolved = resolve(receipt, drafts, known, NO_RULES);
    for (const { signer, document } of resolved.links) links.set(signer, document);
    for (const document of resolved.documents) documents.set(document.id, document);
    for (const { event, dedupeKey } of resolved.events)
      reported.set(dedupeKey, [...(reported.get(dedupeKey) ?? []), event.id]);
    const duplicates = resolved.duplicates.map(({ event }) => event);
    const origins = trace && item < MAX_TRACED ? trace({ item: payload, textAt: textsOf(request) }) : [];
    items.push({ item, duplicates, events: resolved.events.map(({ event }) => event), drafts, origins });
  }
  return { items, problems: [...textProblems(request), ...problems] };
}

function textsOf(request: VerifiedRequest): (place: PlaceRef) => string | null {
  return (place) => textAt(request, place);
}

/** Only what the drafts need: `resolve` copies its input, and a batch can have ten thousand items. */
function knownOf(
  receipt: Receipt,
  drafts: readonly Draft[],
  all: Pick<Known, "documents" | "links" | "events">,
): Known {
  const { documents, signers, dedupeKeys } = lookupOf(receipt, drafts, NO_RULES);
  const links = pick(all.links, signers);
  return {
    documents: pick(all.documents, [...documents, ...links.values()]),
    links,
    events: pick(all.events, dedupeKeys),
    merged: new Map(),
    candidates: new Map(),
  };
}

function pick<T>(from: ReadonlyMap<string, T>, keys: readonly string[]): Map<string, T> {
  const found = new Map<string, T>();
  for (const key of keys) {
    const value = from.get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

/** For golden files: without the digest of the mapping, which changes with every letter of its file. */
export function toGolden({ items, problems }: Preview): string {
  const stripped = items.map(({ item, events, duplicates }) => ({
    item,
    duplicates,
    events: events.map(({ provenance: _, ...event }) => event),
  }));
  return `${JSON.stringify({ items: stripped, problems }, null, 2)}\n`;
}

function toReceipt(
  { source, channel, receivedAt, body, verified }: VerifiedRequest,
  mapping: Mapping,
): Receipt {
  return {
    id: "rcp_preview",
    source,
    channel,
    receivedAt,
    query: "",
    headers: {},
    body,
    verified,
    mapping: mapping.digest,
    problems: [],
  };
}
