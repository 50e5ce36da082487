import type { Event } from "../domain/event.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { type Known, unfold } from "../domain/unfold.ts";
import type { Mapping, MappingChannel } from "../mapping/compile.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { VerifiedRequest } from "./request.ts";

export interface PreviewRequest {
  mapping: Mapping;
  rules: MappingChannel;
  body: Uint8Array;
  /** As in the URL, without the question mark. */
  query: string;
  contentType?: string | undefined;
}

/** What a request would turn into if nothing were known before it. */
export interface Preview {
  /** One an item of the payload, with no event where it has a problem or its word is to be ignored. */
  items: readonly { item: number; events: readonly Event[] }[];
  problems: readonly Problem[];
}

/** A dry run: nothing is checked for genuineness and nothing is kept. Times that the payload does not give are 1970. */
export function preview({ mapping, rules, body, query, contentType }: PreviewRequest): Preview {
  const channel = { source: mapping.provider, name: rules.name, mapping, rules };
  const request: VerifiedRequest = {
    source: channel.source,
    channel: channel.name,
    query: new URLSearchParams(query),
    pathToken: null,
    headers: contentType === undefined ? {} : { "content-type": contentType },
    body,
    receivedAt: 0,
    verified: "none",
  };
  const decoded = decode(request, channel);
  const problems: Problem[] = [...decoded.problems];
  let known: Known = { documents: new Map(), events: new Map() };
  const items = decoded.items.map((payload, item) => {
    const { drafts, problems: unread } = normalize([payload], request, channel);
    problems.push(...unread.map((problem) => ({ ...problem, item })));
    const { events, documents } = unfold(toReceipt(request, mapping), drafts, known, []);
    known = {
      ...known,
      documents: new Map([...known.documents, ...documents.map((one) => [one.id, one] as const)]),
    };
    return { item, events: events.map(({ event }) => event) };
  });
  return { items, problems };
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
