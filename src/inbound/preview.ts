import type { Document } from "../domain/document.ts";
import type { Draft } from "../domain/draft.ts";
import type { Event } from "../domain/event.ts";
import { lookupOf } from "../domain/lookup.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, resolve } from "../domain/resolve.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { problemsOf } from "./at-place.ts";
import { contentAtOnce } from "./content.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { VerifiedRequest } from "./request.ts";

export interface PreviewRequest {
  mapping: Mapping;
  rules: MappingChannel;
  body: Uint8Array;
  /** As in the URL, without the question mark. */
  query: string;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
}

/** What a request would turn into if nothing were known before it. */
export interface Preview {
  items: readonly PreviewItem[];
  problems: readonly Problem[];
}

/** One item of the payload. It has no event where it has a problem, or its word is to be ignored. */
export interface PreviewItem {
  item: number;
  events: readonly Event[];
  /** Ids of events that an item before told. */
  duplicates: readonly string[];
}

/** No bridge is held up by a dry run. */
const MAX_CONTENT_BYTES = 1_024 ** 3;
const NO_LIMITS = { coalesce: 0, maxBody: MAX_CONTENT_BYTES, maxValues: Number.POSITIVE_INFINITY };

const NO_RULES = { subscribers: [], coalesce: 0 };

/** A dry run: nothing is checked for genuineness and nothing is kept. Times that the payload does not give are 1970. */
export function preview({ mapping, rules, body, query, headers = {} }: PreviewRequest): Preview {
  const channel = { source: mapping.provider, name: rules.name, mapping, rules, ...NO_LIMITS };
  const raw: VerifiedRequest = {
    source: channel.source,
    channel: channel.name,
    query: new URLSearchParams(query),
    pathToken: null,
    headers,
    body,
    receivedAt: 0,
    verified: "none",
  };
  const request = { ...raw, content: contentAtOnce(raw, MAX_CONTENT_BYTES) };
  const decoded = decode(request, channel);
  const problems: Problem[] = [...decoded.problems];
  const documents = new Map<string, Document>();
  const links = new Map<string, string>();
  const told = new Map<string, readonly string[]>();
  const receipt = toReceipt(request, mapping);
  const items = decoded.items.map((payload, item) => {
    const { drafts, problems: unread } = normalize([payload], request, channel);
    problems.push(...unread.map((problem) => ({ ...problem, item })));
    const known = knownOf(receipt, drafts, { documents, links, events: told });
    const resolved = resolve(receipt, drafts, known, NO_RULES);
    for (const { signer, document } of resolved.links) links.set(signer, document);
    for (const document of resolved.documents) documents.set(document.id, document);
    for (const { event, dedupeKey } of resolved.events)
      told.set(dedupeKey, [...(told.get(dedupeKey) ?? []), event.id]);
    const duplicates = resolved.duplicates.map(({ event }) => event);
    return { item, duplicates, events: resolved.events.map(({ event }) => event) };
  });
  return { items, problems: [...problemsOf(request), ...problems] };
}

/** Only what bears on the drafts: `resolve` copies what it is given, and a batch can have ten thousand items. */
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

/** As golden files keep it: without the digest of the mapping, which changes with every letter of its file. */
export function toGolden({ items, problems }: Preview): string {
  const told = items.map(({ events, ...item }) => ({
    ...item,
    events: events.map(({ provenance: _, ...event }) => event),
  }));
  return `${JSON.stringify({ items: told, problems }, null, 2)}\n`;
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
