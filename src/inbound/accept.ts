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
import { type RequestTrace, UNTRACED } from "./trace.ts";
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
  /** Whether the current configuration has the channel in shadow. */
  isInShadow(channel: Channel): boolean;
  /** Called when a request was recorded in shadow whose channel has left it meanwhile. */
  leftInShadow(): void;
  newReceiptId(receivedAt: number): string;
  /** A genuine request came, over a channel whose secret is being changed. */
  matched?(channel: Channel, byOlderSecret: boolean): void;
  /** Nothing is sent without it: it wakes the dispatcher. */
  recorded: OnRecorded;
}

export type Accept = (
  request: OpenedRequest,
  channel: Channel,
  trace?: RequestTrace,
) => Promise<Acceptance | Refusal>;

/**
 * The way in: verify, decode, normalize, record. `interpret` normalizes slice by slice while `recordEach`
 * records, so that a long batch holds up no other request. Rejects only when the store does.
 */
export function createAccept({ store, reject, recorded, ...parts }: AcceptParts): Accept {
  const { subscribers, isInShadow, leftInShadow, newReceiptId, matched } = parts;
  return async (opened, channel, trace = UNTRACED) => {
    const request = await trace.step("verify", () => verifyInTurns(opened, channel));
    if ("refused" in request) {
      await reject({ head: opened, channel, reason: request.refused, body: { bytes: opened.body } });
      return request;
    }
    if (request.byOlderSecret !== null) matched?.(channel, request.byOlderSecret);
    const decoded = await trace.step("read", () => decodeInTurns(request, channel));
    const receiptId = newReceiptId(request.receivedAt);
    // For all of the request: a reload between two of its slices must leave no part of it out.
    const mode = isInShadow(channel) ? "shadow" : "live";
    const { creationOf } = trace;
    const planned = interpret(decoded, { receiptId, request, channel, mode, subscribers, creationOf });
    const written = await recordEach(planned, store.record, store.amend, recorded, trace);
    if (mode === "shadow" && !isInShadow(channel)) leftInShadow();
    return { receipt: receiptId, ...written };
  };
}
