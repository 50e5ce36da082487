import type { Rejection } from "../domain/receipt.ts";
import type { Store } from "../store/store.ts";
import { type Channel, secretPlacesOf } from "./channel.ts";
import { fingerprintsOf } from "./credentials.ts";
import { withoutCredentials } from "./private.ts";
import { privacyOf } from "./private-names.ts";
import type { RequestHead } from "./request.ts";

/** The body of a refused request, as far as it is known. */
export type RefusedBody =
  | { bytes: Uint8Array }
  /** Only its beginning was read. `length`: its announced length, or the bytes that had come. */
  | { beginning: Uint8Array; length: number };

export interface RejectParts {
  store: Pick<Store, "reject">;
  /** Refused requests that are kept of a channel, and bytes that are kept of each body. */
  rejected: { keep: number; maxBody: number };
  /** The id of a new refused request. */
  newRejectionId(receivedAt: number): string;
}

export interface RefusedRequest {
  head: RequestHead;
  channel: Channel;
  reason: string;
  body: RefusedBody;
}

/** Stores a refused request for a while: the fault may be in a secret or a limit of the configuration. */
export type Reject = (refused: RefusedRequest) => Promise<void>;

export function createReject({ store, rejected, newRejectionId }: RejectParts): Reject {
  return async ({ head, channel, reason, body }) => {
    if (rejected.keep === 0) return;
    const { source, receivedAt } = head;
    const fingerprints = fingerprintsOf(head, secretPlacesOf(channel));
    const kept = bodyOf(body, rejected.maxBody);
    const cutFrom = "beginning" in body ? body.length : kept ? undefined : body.bytes.length;
    const rejection: Rejection = {
      id: newRejectionId(receivedAt),
      source,
      channel: channel.name,
      receivedAt,
      ...withoutCredentials(head, privacyOf(channel)),
      body: kept,
      reason,
      shown: cutFrom === undefined ? fingerprints : { ...fingerprints, cutFrom },
    };
    await store.reject(rejection, rejected.keep);
  };
}

function bodyOf(refused: RefusedBody, maxBody: number): Uint8Array | null {
  const bytes = "bytes" in refused ? refused.bytes : refused.beginning;
  const isNone = "beginning" in refused && bytes.length === 0;
  return isNone || bytes.length > maxBody ? null : bytes;
}
