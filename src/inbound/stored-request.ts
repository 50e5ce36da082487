import type { Receipt, Rejection } from "../domain/receipt.ts";
import type { Channel } from "./channel.ts";
import { withContent } from "./content.ts";
import type { RawRequest } from "./request.ts";

/** The request of a receipt, decompressed. Its credentials are missing, since they are not stored. */
export function requestOfReceipt(receipt: Receipt, channel: Channel): Promise<RawRequest> {
  return withContent(toRequest(receipt, receipt.body, channel), channel.maxBody);
}

/** The request of a rejection whose whole `body` is stored, with fingerprints in place of its credentials. */
export function requestOfRejection(
  rejection: Rejection,
  body: Uint8Array,
  channel: Channel,
): Promise<RawRequest> {
  const request = { ...toRequest(rejection, body, channel), shown: rejection.shown };
  return withContent(request, channel.maxBody);
}

function toRequest(
  stored: Omit<Receipt | Rejection, "body">,
  body: Uint8Array,
  { maxValues }: Channel,
): RawRequest {
  const { source, channel, receivedAt, headers } = stored;
  const query = new URLSearchParams(stored.query);
  return { source, channel, receivedAt, headers, query, pathToken: null, body, maxValues };
}
