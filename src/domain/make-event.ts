import type { Origin } from "./coalesce.ts";
import type { Delivery } from "./delivery.ts";
import { batchDueAt, laneOf, type Subscriber, wants } from "./destination.ts";
import { type Document, evolve, unknownDocument } from "./document.ts";
import type { Event } from "./event.ts";
import { deliveryId } from "./identity.ts";
import { timeOf } from "./lookup.ts";
import type { Receipt } from "./receipt.ts";
import { viewDocument, viewSigner, viewSigners } from "./view.ts";

/**
 * The event of a draft, and its document after it. `known`: the document before; null: nothing is known, or
 * it has none.
 */
export function makeEvent(
  { draft, provenance, receivedAt }: Origin,
  id: string,
  receipt: Receipt,
  known: Document | null,
): { event: Event; document: Document | null } {
  const { signer } = draft;
  const evolution =
    draft.document && evolve(known ?? unknownDocument(draft.source, draft.document.id), draft, receivedAt);
  const signers = evolution?.document.signers ?? draft.signers;
  const event: Event = {
    id,
    source: draft.source,
    type: draft.type,
    time: new Date(timeOf(draft, { receivedAt })).toISOString(),
    recordedAt: new Date(receipt.receivedAt).toISOString(),
    provider: draft.provider,
    channel: draft.channel,
    sequence: evolution?.document.sequence ?? null,
    late: evolution?.late ?? false,
    document: evolution ? viewDocument(evolution.document) : null,
    signer: signer && viewSigner(signers.find((one) => one.id === signer.id) ?? signer),
    signers: evolution ? viewSigners(evolution.document) : draft.signers.map(viewSigner),
    reason: draft.reason,
    code: draft.code,
    provenance,
  };
  return { event, document: evolution?.document ?? null };
}

/** One delivery for each destination that wants the event, due at once or at the end of its batch. */
export function deliveriesOf(event: Event, receipt: Receipt, subscribers: readonly Subscriber[]): Delivery[] {
  return subscribers
    .filter((subscriber) => wants(subscriber, event))
    .map((subscriber) => ({
      id: deliveryId(event.id, subscriber.name),
      event: event.id,
      destination: subscriber.name,
      lane: laneOf(subscriber, event),
      status: "pending",
      reason: null,
      attempts: 0,
      dueAt: dueAtOf(subscriber, receipt),
      replayedAfter: null,
    }));
}

function dueAtOf({ batch }: Subscriber, { receivedAt }: Receipt): number {
  return batch === undefined ? receivedAt : batchDueAt(receivedAt, batch);
}
