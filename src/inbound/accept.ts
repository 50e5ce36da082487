import type { Subscriber } from "../domain/destination.ts";
import type { Problem, Receipt, Rejection } from "../domain/receipt.ts";
import { questionsOf, unfold } from "../domain/unfold.ts";
import type { Recorded, Recording, Store } from "../store/store.ts";
import type { Channel } from "./channel.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { fingerprintsOf, type Refusal, verify } from "./verify.ts";

/** What became of a genuine request. It is on disk. */
export interface Acceptance {
  receipt: string;
  recorded: Recorded;
  problems: readonly Problem[];
}

export interface AcceptParts {
  store: Pick<Store, "record" | "reject">;
  /** Who is asked whether they want an event. */
  subscribers: readonly Subscriber[];
  /** How many refused requests of a channel are kept, and up to how many bytes of each. */
  rejected: { keep: number; maxBody: number };
  /** Ids of a new receipt and of a new refused request. */
  newReceiptId(receivedAt: number): string;
  newRejectionId(receivedAt: number): string;
}

export type Accept = (request: RawRequest, channel: Channel) => Promise<Acceptance | Refusal>;

/** The way in, as one sentence: verify, read, record. Rejects only when the store does. */
export function createAccept({ store, subscribers, rejected, ...ids }: AcceptParts): Accept {
  return async (raw, channel) => {
    const request = verify(raw, channel);
    if ("refused" in request) {
      const rejection = toRejection(ids.newRejectionId(raw.receivedAt), raw, request, rejected.maxBody);
      if (rejected.keep > 0) await store.reject(rejection, rejected.keep);
      return request;
    }
    const { recording, problems } = read(ids.newReceiptId(request.receivedAt), request, channel, subscribers);
    return { receipt: recording.receipt.id, recorded: await store.record(recording), problems };
  };
}

/** What a genuine request tells, ready to be recorded under this receipt's id. */
export function read(
  receiptId: string,
  request: VerifiedRequest,
  channel: Channel,
  subscribers: readonly Subscriber[],
): { recording: Recording; problems: readonly Problem[] } {
  const { items, problems: undecoded } = decode(request, channel);
  const { drafts, problems: unread } = normalize(items, request, channel);
  const problems = [...undecoded, ...unread];
  const receipt = toReceipt(receiptId, request, channel, problems);
  const rules = { subscribers, coalesce: channel.coalesce };
  return {
    problems,
    recording: {
      receipt,
      questions: questionsOf(receipt, drafts, rules),
      unfold: (known) => unfold(receipt, drafts, known, rules),
    },
  };
}

/** Headers that are credentials by themselves; what they held is not kept. */
const CREDENTIAL_HEADERS = ["authorization", "proxy-authorization", "cookie"];

/** The query and headers, without what is a credential by itself. */
function withoutCredentials(request: RawRequest): { query: string; headers: Record<string, string> } {
  const headers = { ...request.headers };
  for (const name of CREDENTIAL_HEADERS) if (name in headers) headers[name] = "(not kept)";
  return { query: withoutToken(request.query), headers };
}

function withoutToken(query: URLSearchParams): string {
  if (query.size === 0) return "";
  const kept = new URLSearchParams(query);
  kept.delete("token");
  return kept.toString();
}

function toReceipt(
  id: string,
  request: VerifiedRequest,
  channel: Channel,
  problems: readonly Problem[],
): Receipt {
  const { source, receivedAt, body, verified } = request;
  const kept = withoutCredentials(request);
  return {
    id,
    source,
    channel: channel.name,
    receivedAt,
    ...kept,
    body,
    verified,
    mapping: channel.mapping.digest,
    problems,
  };
}

function toRejection(id: string, request: RawRequest, { refused }: Refusal, maxBody: number): Rejection {
  const { source, channel, receivedAt } = request;
  const body = request.body.length > maxBody ? null : request.body;
  const shown = fingerprintsOf(request);
  return { id, source, channel, receivedAt, ...withoutCredentials(request), body, reason: refused, shown };
}
