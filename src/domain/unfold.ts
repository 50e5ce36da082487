import { attribute } from "./attribute.ts";
import type { Delivery } from "./delivery.ts";
import { laneOf, type Subscriber, wants } from "./destination.ts";
import { type Document, evolve, learn, unknownDocument, viewDocument, viewSigner } from "./document.ts";
import { type Draft, keyOf } from "./draft.ts";
import type { Event } from "./event.ts";
import { deliveryId } from "./identity.ts";
import type { Receipt } from "./receipt.ts";

/** What the store knows that bears on a request: its documents, and which of its happenings were told before. */
export interface Known {
  /** By document id. */
  documents: ReadonlyMap<string, Document>;
  /** By a draft's key: the events it became when it was first told. */
  events: ReadonlyMap<string, readonly string[]>;
}

/** An event to be kept, with the key under which the payload alone will be recognised when it comes again. */
export interface NewEvent {
  event: Event;
  key: string;
}

/** What a request turns into once it is compared with what is known. */
export interface Unfolded {
  events: readonly NewEvent[];
  /** Every document that moved, as it is after the last event. */
  documents: readonly Document[];
  deliveries: readonly Delivery[];
  /** Events that this request told again. */
  duplicates: readonly string[];
}

/**
 * Drafts become events: those told before are duplicates; the others find out who did them, move their document, and are
 * addressed to every destination that wants them. Pure, so that a store can call it inside its transaction.
 */
export function unfold(
  receipt: Receipt,
  drafts: readonly Draft[],
  known: Known,
  subscribers: readonly Subscriber[],
): Unfolded {
  const documents = new Map(known.documents);
  const told = new Map(known.events);
  const events: NewEvent[] = [];
  const duplicates: string[] = [];

  for (const draft of drafts) {
    const key = keyOf(draft);
    const before = told.get(key);
    if (before) {
      duplicates.push(...before);
      learnFrom(draft, receipt, documents);
      continue;
    }
    const named = attribute(draft, knownDocument(documents, draft));
    const born = named.map((one) => ({ event: become(one, receipt, documents), key }));
    events.push(...born);
    told.set(
      key,
      born.map(({ event }) => event.id),
    );
  }

  const moved = [...documents.values()].filter((document) => document !== known.documents.get(document.id));
  return {
    events,
    documents: moved,
    deliveries: events.flatMap(({ event }) => address(event, receipt, subscribers)),
    duplicates,
  };
}

function knownDocument(documents: ReadonlyMap<string, Document>, draft: Draft): Document | null {
  return (draft.document && documents.get(draft.document.id)) ?? null;
}

/** Another channel may tell of the same happening what the first did not say, such as the title. */
function learnFrom(draft: Draft, receipt: Receipt, documents: Map<string, Document>): void {
  const known = knownDocument(documents, draft);
  if (known) documents.set(known.id, learn(known, draft, receipt.receivedAt));
}

/** Makes the event and moves its document in `documents`. */
function become(draft: Draft, receipt: Receipt, documents: Map<string, Document>): Event {
  const at = draft.time ?? receipt.receivedAt;
  const evolution =
    draft.document &&
    evolve(
      knownDocument(documents, draft) ?? unknownDocument(draft.source, draft.document.id),
      draft,
      receipt.receivedAt,
    );
  if (evolution) documents.set(evolution.document.id, evolution.document);

  const { signer } = draft;
  const signers = evolution?.document.signers ?? draft.signers;
  return {
    id: keyOf(draft),
    source: draft.source,
    type: draft.type,
    time: new Date(at).toISOString(),
    recordedAt: new Date(receipt.receivedAt).toISOString(),
    provider: draft.provider,
    channel: draft.channel,
    sequence: evolution?.document.sequence ?? null,
    late: evolution?.late ?? false,
    document: evolution ? viewDocument(evolution.document) : null,
    signer: signer && viewSigner(signers.find(({ id }) => id === signer.id) ?? signer),
    signers: signers.map(viewSigner),
    code: draft.code,
    provenance: { receipt: receipt.id, mapping: receipt.mapping, verified: receipt.verified },
  };
}

function address(event: Event, receipt: Receipt, subscribers: readonly Subscriber[]): Delivery[] {
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
      dueAt: receipt.receivedAt,
      replayedAfter: null,
    }));
}
