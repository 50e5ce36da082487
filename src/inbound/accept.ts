import type { Subscriber } from "../domain/destination.ts";
import type { Problem } from "../domain/receipt.ts";
import type { RecordResult } from "../store/port/inbox.ts";
import type { Store } from "../store/store.ts";
import type { Channel } from "./channel.ts";
import type { Refusal } from "./credentials.ts";
import { decodeInTurns } from "./decode.ts";
import { interpret, type OnRecorded, recordEach } from "./interpret.ts";
import type { Reject } from "./reject.ts";
import type { OpenedRequest } from "./request.ts";
import { verifyInTurns } from "./verify.ts";

/** A genuine request, recorded on disk. */
export interface Acceptance {
  receipt: string;
  recorded: RecordResult;
  problems: readonly Problem[];
}

export interface AcceptParts {
  store: Pick<Store, "record" | "amend">;
  reject: Reject;
  /** The destinations of the current configuration. */
  subscribers(): readonly Subscriber[];
  newReceiptId(receivedAt: number): string;
  /** A genuine request came, over a channel whose secret is being changed. */
  matched?(channel: Channel, byOlderSecret: boolean): void;
  /** Nothing is sent without it: it wakes the dispatcher. */
  recorded: OnRecorded;
}

export type Accept = (request: OpenedRequest, channel: Channel) => Promise<Acceptance | Refusal>;

/**
 * The way in: verify, decode, normalize, record. `interpret` normalizes slice by slice while `recordEach`
 * records, so that a long batch holds up no other request. Rejects only when the store does.
 */
export function createAccept(parts: AcceptParts): Accept {
  const { store, reject, subscribers, newReceiptId, recorded, matched } = parts;
  return async (opened, channel) => {
    const request = await verifyInTurns(opened, channel);
    if ("refused" in request) {
      await reject({ head: opened, channel, reason: request.refused, body: { bytes: opened.body } });
      return request;
    }
    if (request.byOlderSecret !== null) matched?.(channel, request.byOlderSecret);
    const decoded = await decodeInTurns(request, channel);
    const receiptId = newReceiptId(request.receivedAt);
    const planned = interpret(decoded, { receiptId, request, channel, subscribers });
    return { receipt: receiptId, ...(await recordEach(planned, store.record, store.amend, recorded)) };
  };
}
