import type { Subscriber } from "../domain/destination.ts";
import type { Problem, Receipt } from "../domain/receipt.ts";
import { questionsOf, unfold } from "../domain/unfold.ts";
import type { Recorded, Store } from "../store/store.ts";
import type { Channel } from "./channel.ts";
import { decode } from "./decode.ts";
import { normalize } from "./normalize.ts";
import type { RawRequest, VerifiedRequest } from "./request.ts";
import { type Refusal, verify } from "./verify.ts";

/** What became of a genuine request. It is on disk. */
export interface Acceptance {
  receipt: string;
  recorded: Recorded;
  problems: readonly Problem[];
}

export interface AcceptParts {
  store: Pick<Store, "record">;
  /** Who is asked whether they want an event. */
  subscribers: readonly Subscriber[];
  /** A new receipt's id. */
  newReceiptId(receivedAt: number): string;
}

export type Accept = (request: RawRequest, channel: Channel) => Promise<Acceptance | Refusal>;

/** The way in, as one sentence: verify, decode, normalize, record. Rejects only when the store does. */
export function createAccept({ store, subscribers, newReceiptId }: AcceptParts): Accept {
  return async (raw, channel) => {
    const request = verify(raw, channel);
    if ("refused" in request) return request;

    const { items, problems: undecoded } = decode(request, channel);
    const { drafts, problems: unread } = normalize(items, request, channel);
    const problems = [...undecoded, ...unread];
    const receipt = toReceipt(newReceiptId(request.receivedAt), request, channel, problems);

    const rules = { subscribers, coalesce: channel.coalesce };
    const recorded = await store.record({
      receipt,
      questions: questionsOf(receipt, drafts, rules),
      unfold: (known) => unfold(receipt, drafts, known, rules),
    });
    return { receipt: receipt.id, recorded, problems };
  };
}

/** Headers that are credentials by themselves; what they held is not kept. */
const CREDENTIAL_HEADERS = ["authorization", "proxy-authorization", "cookie"];

function toReceipt(
  id: string,
  request: VerifiedRequest,
  channel: Channel,
  problems: readonly Problem[],
): Receipt {
  const query = new URLSearchParams(request.query);
  query.delete("token");
  const headers = { ...request.headers };
  for (const name of CREDENTIAL_HEADERS) if (name in headers) headers[name] = "(not kept)";
  return {
    id,
    source: request.source,
    channel: request.channel,
    receivedAt: request.receivedAt,
    query: query.toString(),
    headers,
    body: request.body,
    verified: request.verified,
    mapping: channel.mapping.digest,
    problems,
  };
}
