import type { Subscriber } from "../domain/destination.ts";
import type { Problem } from "../domain/receipt.ts";
import type { RecordResult } from "../store/port/inbox.ts";
import type { Store } from "../store/store.ts";
import type { Channel } from "./channel.ts";
import type { Refusal } from "./credentials.ts";
import { readAhead } from "./decode.ts";
import { interpret, type OnRecorded, recordEach } from "./interpret.ts";
import type { Reject } from "./reject.ts";
import type { RawRequest } from "./request.ts";
import { verifyInTurns } from "./verify.ts";

/** What became of a genuine request. It is on disk. */
export interface Acceptance {
  receipt: string;
  recorded: RecordResult;
  problems: readonly Problem[];
}

export interface AcceptParts {
  store: Pick<Store, "record" | "amend">;
  reject: Reject;
  /** Who is asked, at the moment, whether they want an event. */
  subscribers(): readonly Subscriber[];
  newReceiptId(receivedAt: number): string;
  /** Nothing is sent without it: it wakes the dispatcher. */
  recorded: OnRecorded;
}

export type Accept = (request: RawRequest, channel: Channel) => Promise<Acceptance | Refusal>;

/** The way in, as one sentence: verify, read, record. Rejects only when the store does. */
export function createAccept({ store, reject, subscribers, newReceiptId, recorded }: AcceptParts): Accept {
  return async (raw, channel) => {
    const request = await verifyInTurns(raw, channel);
    if ("refused" in request) {
      await reject({ head: raw, channel, reason: request.refused, body: { bytes: raw.body } });
      return request;
    }
    await readAhead(request, channel);
    const receipt = newReceiptId(request.receivedAt);
    const readings = interpret(receipt, request, channel, subscribers);
    return { receipt, ...(await recordEach(readings, store.record, store.amend, recorded)) };
  };
}
