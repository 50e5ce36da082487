import type { Receipt, Rejection } from "../domain/receipt.ts";
import type { Channel } from "./channel.ts";
import { withContent } from "./content.ts";
import type { RawRequest } from "./request.ts";

/** How much is read of a stored request. */
export type ReadLimits = Pick<Channel, "maxBody" | "maxValues">;

/** The request of a receipt, decompressed. Its credentials are missing, since they are not stored. */
export function requestOfReceipt(receipt: Receipt, limits: ReadLimits): Promise<RawRequest> {
  return withContent(toRequest(receipt, receipt.body, limits), limits.maxBody);
}

/** The request of a rejection whose whole `body` is stored, with fingerprints in place of its credentials. */
export function requestOfRejection(
  rejection: Rejection,
  body: Uint8Array,
  limits: ReadLimits,
): Promise<RawRequest> {
  const request = { ...toRequest(rejection, body, limits), shown: rejection.shown };
  return withContent(request, limits.maxBody);
}

function toRequest(
  stored: Omit<Receipt | Rejection, "body">,
  body: Uint8Array,
  { maxValues }: ReadLimits,
): RawRequest {
  const { source, channel, receivedAt, headers } = stored;
  const query = new URLSearchParams(stored.query);
  return { source, channel, receivedAt, headers, query, pathToken: null, body, maxValues };
}
