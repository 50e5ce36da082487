import { CountersignError } from "../domain/errors.ts";
import type { Rejection } from "../domain/receipt.ts";
import { type Channel, channelAt } from "../inbound/channel.ts";
import { openRequest } from "../inbound/open-request.ts";
import type { OpenedRequest } from "../inbound/request.ts";
import { requestOfReceipt, requestOfRejection } from "../inbound/stored-request.ts";
import type { ReceiptSummary } from "../store/port/reads.ts";
import type { Visit } from "./screen.ts";

/** A request that is kept: a genuine one, or a refused one. */
export type StoredRequest = (
  | { kind: "receipt"; kept: ReceiptSummary & { body: Uint8Array } }
  | { kind: "refused"; kept: Rejection }
) & {
  /** Undefined: it is no longer configured. */
  channel: Channel | undefined;
  /** As checks and mappings see it; null: nothing of its body is kept. */
  opened: OpenedRequest | null;
  /** Whether the whole body is kept. */
  isWhole: boolean;
};

/** By the id of its receipt or rejection. @throws CountersignError `not_found`. */
export async function findRequest({ store, parts }: Visit, id: string): Promise<StoredRequest> {
  const { channels, server } = parts.config();
  const receipt = await store.findReceipt(id);
  if (receipt) {
    const channel = channelAt(channels, receipt);
    const raw = await requestOfReceipt(receipt, channel ?? server);
    return { kind: "receipt", kept: receipt, channel, opened: open(raw, channel), isWhole: true };
  }
  const rejection = await store.findRejection(id);
  if (!rejection) throw new CountersignError("not_found", `there is no request ${id}`);
  const channel = channelAt(channels, rejection);
  const isWhole = rejection.body !== null && rejection.shown.cutFrom === undefined;
  const raw = rejection.body && (await requestOfRejection(rejection, rejection.body, channel ?? server));
  return { kind: "refused", kept: rejection, channel, opened: raw && open(raw, channel), isWhole };
}

const PLAIN = { from: { in: "body" }, as: "json" } as const;

function open(raw: Parameters<typeof openRequest>[0], channel: Channel | undefined): OpenedRequest {
  return openRequest(raw, channel?.rules.read ?? PLAIN);
}
