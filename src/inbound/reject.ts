import type { Rejection } from "../domain/receipt.ts";
import type { Store } from "../store/store.ts";
import { fingerprintsOf } from "./credentials.ts";
import { withoutCredentials } from "./read.ts";
import type { RequestHead } from "./request.ts";

/** What is known of the body of a refused request. */
export type RefusedBody =
  | { bytes: Uint8Array }
  /** Only its beginning came or was waited for; `length`: how long it was said to be, or how much of it had come. */
  | { beginning: Uint8Array; length: number };

export interface RejectParts {
  store: Pick<Store, "reject">;
  /** How many refused requests of a channel are kept, and up to how many bytes of each. */
  rejected: { keep: number; maxBody: number };
  /** The id of a new refused request. */
  newRejectionId(receivedAt: number): string;
}

/** Keeps a refused request for a while: the fault may be in a secret or a limit of ours. */
export type Reject = (head: RequestHead, reason: string, body: RefusedBody) => Promise<void>;

export function createReject({ store, rejected, newRejectionId }: RejectParts): Reject {
  return async (head, reason, refused) => {
    if (rejected.keep === 0) return;
    const { source, channel, receivedAt } = head;
    const fingerprints = fingerprintsOf(head);
    const kept = { source, channel, receivedAt, ...withoutCredentials(head), reason };
    const { bytes, shown } =
      "bytes" in refused
        ? { bytes: refused.bytes, shown: fingerprints }
        : { bytes: refused.beginning, shown: { ...fingerprints, cutFrom: refused.length } };
    const tooLong = bytes.length > rejected.maxBody || ("beginning" in refused && bytes.length === 0);
    const rejection: Rejection = {
      id: newRejectionId(receivedAt),
      ...kept,
      body: tooLong ? null : bytes,
      shown,
    };
    await store.reject(rejection, rejected.keep);
  };
}
