import { attribute } from "./attribute.ts";
import type { Delivery } from "./delivery.ts";
import { laneOf, type Subscriber, wants } from "./destination.ts";
import { type Document, evolve, learn, unknownDocument, viewDocument, viewSigner } from "./document.ts";
import { type Draft, keyOf, kinOf } from "./draft.ts";
import type { Event } from "./event.ts";
import { deliveryId } from "./identity.ts";
import type { Receipt } from "./receipt.ts";

/** What has to be looked up before a request can be unfolded. */
export interface Questions {
  /** Ids of the documents it names, within its source. */
  documents: readonly string[];
  /** Ids of signers whose document it does not name. */
  signers: readonly string[];
  /** Keys of the happenings it tells. */
  keys: readonly string[];
  /** Kins of them, each once, that may have been told over another channel at nearly the same time. */
  kins: readonly KinQuestion[];
}

/** Of which time a kin is asked for: milliseconds since 1970, both included. */
export interface KinQuestion {
  kin: string;
  from: number;
  to: number;
}

/** What the store knows that bears on a request. */
export interface Known {
  /** By document id, those that signers are linked to among them. */
  documents: ReadonlyMap<string, Document>;
  /** By a signer's id: the document that another post named. */
  links: ReadonlyMap<string, string>;
  /** By a draft's key: the events it became when it was first told. */
  events: ReadonlyMap<string, readonly string[]>;
  /** By kin: the events of the time asked for. */
  kin: ReadonlyMap<string, readonly Kinsman[]>;
}

/** An event that another telling may mean. */
export interface Kinsman {
  id: string;
  /** When it happened, milliseconds since 1970. */
  at: number;
  /** The channels that have told it. */
  channels: readonly string[];
}

/** An event to be kept. */
export interface NewEvent {
  event: Event;
  /** Under which its payload alone will be recognised when it comes again. */
  key: string;
  kin: string | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** What a request turns into once it is compared with what is known. */
export interface Unfolded {
  events: readonly NewEvent[];
  /** Every document that moved, as it is after the last event. */
  documents: readonly Document[];
  deliveries: readonly Delivery[];
  /** Events that this request told again, with the keys under which it did. */
  duplicates: readonly { event: string; key: string }[];
  /** Which document a signer belongs to, where the request says so. */
  links: readonly { signer: string; document: string }[];
}

export interface Rules {
  subscribers: readonly Subscriber[];
  /** How far apart two channels' times of one happening may be, in milliseconds; 0: never the same. */
  coalesce: number;
}

export function questionsOf(
  receipt: Receipt,
  drafts: readonly Draft[],
  { coalesce }: Pick<Rules, "coalesce">,
): Questions {
  const documents = drafts.flatMap(({ document }) => (document ? [document.id] : []));
  const signers = drafts.flatMap(({ document, signer }) => (signer && !document ? [signer.id] : []));
  return {
    documents: [...new Set(documents)],
    signers: [...new Set(signers)],
    keys: drafts.map(keyOf),
    kins: coalesce > 0 ? kinQuestions(receipt, drafts, coalesce) : [],
  };
}

/** A request may tell several of a kin, hours apart: it is asked for once, of all that time. */
function kinQuestions(receipt: Receipt, drafts: readonly Draft[], coalesce: number): KinQuestion[] {
  const questions = new Map<string, KinQuestion>();
  for (const draft of drafts) {
    const kin = kinOf(draft);
    if (kin === null) continue;
    const at = timeOf(draft, receipt);
    const { from, to } = questions.get(kin) ?? { from: at, to: at };
    questions.set(kin, { kin, from: Math.min(from, at - coalesce), to: Math.max(to, at + coalesce) });
  }
  return [...questions.values()];
}

/**
 * Drafts become events: those told before are duplicates; the others find out who did them and which document they belong to,
 * move it, and are addressed to every destination that wants them. Pure, so that a store can call it inside its transaction.
 */
export function unfold(receipt: Receipt, drafts: readonly Draft[], known: Known, rules: Rules): Unfolded {
  const documents = new Map(known.documents);
  const links = new Map(known.links);
  const told = new Map(known.events);
  const kin = new Map(known.kin);
  const events: NewEvent[] = [];
  const duplicates: { event: string; key: string }[] = [];

  for (const draft of drafts) {
    const key = keyOf(draft);
    const { drafts: named, repeats } = attribute(draft, knownDocument(documents, draft));
    const again =
      told.get(key) ?? findKinsman(draft, receipt, kin, rules) ?? (repeats ? named.map(keyOf) : null);
    if (again) {
      duplicates.push(...again.map((event) => ({ event, key })));
      learnFrom(draft, receipt, documents);
    } else {
      const born = named.map((one) => toNewEvent(one, key, receipt, documents, links));
      events.push(...born);
      told.set(
        key,
        born.map(({ event }) => event.id),
      );
    }
    for (const { signer, document } of linksIn(draft)) links.set(signer, document);
  }

  return {
    events,
    documents: [...documents.values()].filter((document) => document !== known.documents.get(document.id)),
    deliveries: events.flatMap(({ event }) => address(event, receipt, rules.subscribers)),
    duplicates,
    links: [...links].flatMap(([signer, document]) =>
      known.links.get(signer) === document ? [] : [{ signer, document }],
    ),
  };
}

/** When it happened, or when it was received where the provider gives no time. */
function timeOf(draft: Draft, receipt: Receipt): number {
  return draft.time ?? receipt.receivedAt;
}

/**
 * The event that another channel told within the window, and this channel has not told yet: the nearest in time. A channel
 * that tells of two is taken at its word, so a second view stays a second view.
 */
function findKinsman(
  draft: Draft,
  receipt: Receipt,
  kin: Map<string, readonly Kinsman[]>,
  { coalesce }: Rules,
): readonly string[] | null {
  const name = coalesce > 0 ? kinOf(draft) : null;
  if (name === null) return null;
  const at = timeOf(draft, receipt);
  const kinsmen = kin.get(name) ?? [];
  const [nearest] = kinsmen
    .filter((one) => Math.abs(one.at - at) <= coalesce && !one.channels.includes(draft.channel))
    .toSorted((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at));
  if (!nearest) return null;
  const toldNow = { ...nearest, channels: [...nearest.channels, draft.channel] };
  kin.set(
    name,
    kinsmen.map((one) => (one === nearest ? toldNow : one)),
  );
  return [nearest.id];
}

function knownDocument(documents: ReadonlyMap<string, Document>, draft: Draft): Document | null {
  return (draft.document && documents.get(draft.document.id)) ?? null;
}

/** Another channel may tell of the same happening what the first did not say, such as the title. */
function learnFrom(draft: Draft, receipt: Receipt, documents: Map<string, Document>): void {
  const known = knownDocument(documents, draft);
  if (known) documents.set(known.id, learn(known, draft, receipt.receivedAt));
}

/** Which of its signers belong to its document. Signers without an id of the provider's are named after their document anyway. */
function linksIn({ document, signer, signers }: Draft): { signer: string; document: string }[] {
  if (!document) return [];
  const named = signer ? [signer, ...signers] : signers;
  return named
    .filter(({ id }) => !id.startsWith("sgn_"))
    .map(({ id }) => ({ signer: id, document: document.id }));
}

function toNewEvent(
  draft: Draft,
  key: string,
  receipt: Receipt,
  documents: Map<string, Document>,
  links: ReadonlyMap<string, string>,
): NewEvent {
  const linked = withLink(draft, links);
  const event = become(linked, keyOf(draft), receipt, documents);
  return { event, key, kin: kinOf(draft), at: timeOf(draft, receipt) };
}

/** The draft with the document that another post named for its signer. */
function withLink(draft: Draft, links: ReadonlyMap<string, string>): Draft {
  const id = draft.signer && !draft.document ? links.get(draft.signer.id) : undefined;
  return id === undefined ? draft : { ...draft, document: { id, title: null, tags: null, expiresAt: null } };
}

/** Makes the event and moves its document in `documents`. */
function become(draft: Draft, id: string, receipt: Receipt, documents: Map<string, Document>): Event {
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
    id,
    source: draft.source,
    type: draft.type,
    time: new Date(timeOf(draft, receipt)).toISOString(),
    recordedAt: new Date(receipt.receivedAt).toISOString(),
    provider: draft.provider,
    channel: draft.channel,
    sequence: evolution?.document.sequence ?? null,
    late: evolution?.late ?? false,
    document: evolution ? viewDocument(evolution.document) : null,
    signer: signer && viewSigner(signers.find((one) => one.id === signer.id) ?? signer),
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
