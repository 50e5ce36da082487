import type { Document } from "../domain/document.ts";
import type { Draft } from "../domain/draft.ts";
import type { Event } from "../domain/event.ts";
import { lookupOf } from "../domain/lookup.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, resolve } from "../domain/resolve.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { textProblems } from "./at-place.ts";
import { contentAtOnce } from "./content.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { withoutChecks } from "./verify.ts";

export interface PreviewRequest {
  mapping: Mapping;
  rules: MappingChannel;
  body: Uint8Array;
  /** As in the URL, without the question mark. */
  query: string;
  /** Names in lower case. */
  headers?: Readonly<Record<string, string>>;
}

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
}

/** A dry run holds up no other request, so its limits are wide. */
const MAX_CONTENT_BYTES = 1_024 ** 3;
const NO_LIMITS = { coalesce: 0, maxBody: MAX_CONTENT_BYTES, maxValues: Number.POSITIVE_INFINITY };

const NO_RULES = { subscribers: [], coalesce: 0 };

/** A dry run: nothing is verified and nothing is recorded. Times that the payload does not give are 1970. */
export function preview({ mapping, rules, body, query, headers = {} }: PreviewRequest): Preview {
  const channel = { source: mapping.provider, name: rules.name, mapping, rules, ...NO_LIMITS };
  const raw: RawRequest = {
    source: channel.source,
    channel: channel.name,
    query: new URLSearchParams(query),
    pathToken: null,
    headers,
    body,
    receivedAt: 0,
  };
  const request = withoutChecks({ ...raw, content: contentAtOnce(raw, MAX_CONTENT_BYTES) }, channel);
  const decoded = decode(request, channel);
  const problems: Problem[] = [...decoded.problems];
  const documents = new Map<string, Document>();
  const links = new Map<string, string>();
  const reported = new Map<string, readonly string[]>();
  const receipt = toReceipt(request, mapping);
  const items = decoded.items.map((payload, item) => {
    const { drafts, problems: unread } = normalize([payload], request, channel);
    problems.push(...unread.map((problem) => ({ ...problem, item })));
    const known = knownOf(receipt, drafts, { documents, links, events: reported });
    const resolved = resolve(receipt, drafts, known, NO_RULES);
    for (const { signer, document } of resolved.links) links.set(signer, document);
    for (const document of resolved.documents) documents.set(document.id, document);
    for (const { event, dedupeKey } of resolved.events)
      reported.set(dedupeKey, [...(reported.get(dedupeKey) ?? []), event.id]);
    const duplicates = resolved.duplicates.map(({ event }) => event);
    return { item, duplicates, events: resolved.events.map(({ event }) => event) };
  });
  return { items, problems: [...textProblems(request), ...problems] };
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
  const stripped = items.map(({ events, ...item }) => ({
    ...item,
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
