import type { Subscriber } from "../domain/destination.ts";
import type { Problem, Rejection } from "../domain/receipt.ts";
import type { Recorded, Store } from "../store/store.ts";
import { type Channel, secretPlacesOf } from "./channel.ts";
import { readAhead } from "./decode.ts";
import { withoutCredentials } from "./private.ts";
import { privacyOf } from "./private-names.ts";
import { read, recordEach } from "./read.ts";
import type { RawRequest } from "./request.ts";
import { fingerprintsOf, type Refusal, verify } from "./verify.ts";

/** What became of a genuine request. It is on disk. */
export interface Acceptance {
  receipt: string;
  recorded: Recorded;
  problems: readonly Problem[];
}

export interface AcceptParts {
  store: Pick<Store, "record" | "reread" | "reject">;
  /** Who is asked, at the moment, whether they want an event. */
  subscribers(): readonly Subscriber[];
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
      const rejection = toRejection(
        ids.newRejectionId(raw.receivedAt),
        { raw, channel, refusal: request },
        rejected.maxBody,
      );
      if (rejected.keep > 0) await store.reject(rejection, rejected.keep);
      return request;
    }
    await readAhead(request, channel);
    const receipt = ids.newReceiptId(request.receivedAt);
    const readings = read(receipt, request, channel, subscribers);
    return { receipt, ...(await recordEach(readings, store.record, store.reread)) };
  };
}

interface Refused {
  raw: RawRequest;
  channel: Channel;
  refusal: Refusal;
}

function toRejection(id: string, { raw, channel, refusal }: Refused, maxBody: number): Rejection {
  const { source, channel: name, receivedAt } = raw;
  return {
    id,
    source,
    channel: name,
    receivedAt,
    ...withoutCredentials(raw, privacyOf(channel)),
    body: raw.body.length > maxBody ? null : raw.body,
    reason: refusal.refused,
    shown: fingerprintsOf(raw, secretPlacesOf(channel)),
  };
}
