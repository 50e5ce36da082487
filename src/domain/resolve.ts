import { attribute } from "./attribute.ts";
import { type ChannelKey, type CoalesceCandidate, Coalescer, type Match, type Origin } from "./coalesce.ts";
import type { Delivery } from "./delivery.ts";
import { laneOf, type Subscriber, wants } from "./destination.ts";
import {
  type Document,
  evolve,
  learn,
  unknownDocument,
  viewDocument,
  viewSigner,
  viewSigners,
} from "./document.ts";
import { coalesceKeyOf, type Draft, dedupeKeyOf, withRole } from "./draft.ts";
import type { Event, Provenance } from "./event.ts";
import { deliveryId, isOwnSignerId } from "./identity.ts";
import { timeOf } from "./lookup.ts";
import type { Receipt } from "./receipt.ts";

/** What the store knows that bears on a request. */
export interface Known {
  /** By document id, those that signers are linked to and those that `coalesceKey` names among them. */
  documents: ReadonlyMap<string, Document>;
  /** By a signer's id: the document that another post named. */
  links: ReadonlyMap<string, string>;
  /** By a draft's key: the events it became when it was first told. */
  events: ReadonlyMap<string, readonly string[]>;
  /** By a draft's key: the event that this channel's report was taken for by nearness. */
  merged: ReadonlyMap<string, string>;
  /** By coalesceKey: the events of the time asked for. */
  candidates: ReadonlyMap<string, readonly CoalesceCandidate[]>;
}

/** An event to be kept. */
export interface NewEvent {
  event: Event;
  /** Under which its payload alone will be recognised when it comes again. */
  dedupeKey: string;
  coalesceKey: string | null;
  /** Milliseconds since 1970. */
  at: number;
}

/** What a request turns into once it is compared with what is known. */
export interface Resolution {
  events: readonly NewEvent[];
  /** Every document that moved, as it is after the last event. */
  documents: readonly Document[];
  deliveries: readonly Delivery[];
  /** Events that this request told again, with the keys under which any channel may tell them. */
  duplicates: readonly { event: string; key: string }[];
  /** Which document a signer belongs to, where the request says so. */
  links: readonly { signer: string; document: string }[];
  /** The events of each coalesceKey that was asked for, with whoever told them as it is now. */
  candidates: ReadonlyMap<string, readonly CoalesceCandidate[]>;
  /** What is new in that, and what holds no longer. */
  channelKeys: { added: readonly EventChannelKey[]; removed: readonly EventChannelKey[] };
  /** Which earlier receipts turn out to have told another event than the one at which they are listed. */
  moved: { from: readonly EarlierReport[]; to: readonly EarlierReport[] };
}

/** That an earlier receipt told an event. */
export interface EarlierReport {
  event: string;
  receipt: string;
  channel: string;
  /** When it was received, milliseconds since 1970. */
  at: number;
}

/** Under which key a channel told an event. */
export interface EventChannelKey extends ChannelKey {
  event: string;
}

export interface Rules {
  subscribers: readonly Subscriber[];
  /** How far apart two channels' times of one happening may be, in milliseconds; 0: never the same. */
  coalesce: number;
}

/**
 * Drafts become events: those told before are duplicates; the others find out who did them and which document they belong to,
 * move it, and are addressed to every destination that wants them. Pure, so that a store can call it inside its transaction.
 */
export function resolve(receipt: Receipt, drafts: readonly Draft[], known: Known, rules: Rules): Resolution {
  const documents = new Map(known.documents);
  const links = new Map(known.links);
  const told = new Map(known.events);
  const candidates = new Map(
    [...known.candidates].map(([name, events]) => [name, new Coalescer(events, rules.coalesce)]),
  );
  const events: NewEvent[] = [];
  const duplicates: { event: string; key: string }[] = [];
  const found: EarlierReport[] = [];
  const bear = (origin: Origin, key: string, linked: ReadonlyMap<string, string> = links) => {
    const born = toNewEvent(origin, key, receipt, documents, linked);
    events.push(born);
    return born.event.id;
  };
  /** What was merged by nearness becomes an event of its own. */
  const splitOff = ({ origin, others }: Match["split"][number]) => {
    const key = dedupeKeyOf(origin.draft);
    told.set(key, [bear(origin, key, new Map([...linksOf(drafts), ...links]))]);
    candidates.get(coalesceKeyOf(origin.draft) ?? "")?.add(key, channelKeyOf(origin.draft, origin), others);
    found.push(...earlier(key, others));
  };
  if (candidates.size > 0) for (const draft of drafts) confirm(draft, receipt, candidates).forEach(splitOff);

  for (const draft of drafts) {
    const key = dedupeKeyOf(draft);
    const origin = { draft, provenance: provenanceOf(receipt), receivedAt: receipt.receivedAt };
    const before = knownDocument(documents, draft);
    const { drafts: named, repeats } = attribute(draft, before);
    const name = coalesceKeyOf(draft);
    const coalescer = name === null ? undefined : candidates.get(name);
    const near = name === null || told.has(key) ? null : nearest(origin, receipt, known.merged, coalescer);
    near?.split.forEach(splitOff);
    const again = told.get(key) ?? (repeats ? named.map(dedupeKeyOf) : null);
    if (near?.event) {
      duplicates.push({ event: near.event, key: near.event });
      learnFrom(draft, receipt, documents);
    } else if (again) {
      duplicates.push(...again.map((event) => ({ event, key })));
      learnFrom(draft, receipt, documents);
    } else {
      const born = named.map((one) => bear({ ...origin, draft: withRole(one, before?.signers) }, key));
      told.set(key, born);
      if (born.includes(key)) coalescer?.add(key, channelKeyOf(draft, receipt), near?.others);
      found.push(...earlier(key, near?.others ?? []));
    }
    for (const { signer, document } of linksIn(draft)) links.set(signer, document);
  }

  const moved = new Map([...candidates].map(([name, coalescer]) => [name, coalescer.events]));
  const added = channelKeysBeyond(known.candidates, moved);
  const removed = channelKeysBeyond(moved, known.candidates);
  const isEarlier = ({ origin }: ChannelKey) => origin?.provenance.receipt !== receipt.id;
  return {
    events,
    documents: [...documents.values()].filter((document) => document !== known.documents.get(document.id)),
    deliveries: events.flatMap(({ event }) => address(event, receipt, rules.subscribers)),
    duplicates,
    links: [...links].flatMap(([signer, document]) =>
      known.links.get(signer) === document ? [] : [{ signer, document }],
    ),
    candidates: moved,
    channelKeys: { added, removed },
    moved: {
      from: removed.flatMap((one) => earlier(one.event, [one])),
      to: [...found, ...added.filter(isEarlier).flatMap((one) => earlier(one.event, [one]))],
    },
  };
}

/** What was told as it came, as a report of that event. */
function earlier(event: string, keys: readonly ChannelKey[]): EarlierReport[] {
  return keys.flatMap(({ channel, origin }) =>
    origin ? [{ event, receipt: origin.provenance.receipt, channel, at: origin.receivedAt }] : [],
  );
}

/** The event that a report is taken for because it lies near: now, or when this channel told it before. */
function nearest(
  origin: Origin,
  receipt: Receipt,
  merged: Known["merged"],
  coalescer?: Coalescer,
): Match | null {
  const report = { ...channelKeyOf(origin.draft, receipt), origin };
  const before = merged.get(report.key);
  if (before !== undefined && !coalescer?.has(before)) return { event: before, others: [], split: [] };
  return coalescer?.match(report) ?? null;
}

/** Exact dedupe keys go first, for all drafts of the request: what this channel tells exactly cannot be what it tells nearly. */
function confirm(draft: Draft, receipt: Receipt, candidates: ReadonlyMap<string, Coalescer>): Match["split"] {
  return candidates.get(coalesceKeyOf(draft) ?? "")?.confirm(channelKeyOf(draft, receipt)) ?? [];
}

function channelKeyOf(draft: Draft, received: Pick<Receipt, "receivedAt">): Omit<ChannelKey, "origin"> {
  return { key: dedupeKeyOf(draft), channel: draft.channel, at: timeOf(draft, received) };
}

function provenanceOf({ id, mapping, verified }: Receipt): Provenance {
  return { receipt: id, mapping, verified };
}

type Candidates = ReadonlyMap<string, readonly CoalesceCandidate[]>;

/** What `coalesceKey` has and `before` does not. That the channel of an event told it by its own id goes without saying. */
function channelKeysBeyond(before: Candidates, now: Candidates): EventChannelKey[] {
  return [...now].flatMap(([name, events]) => {
    const known = new Map((before.get(name) ?? []).map((event) => [event.id, event]));
    return events.flatMap((event) => {
      const [first] = event.reports;
      const there = known.get(event.id)?.reports ?? (first ? [first] : []);
      if (there === event.reports) return [];
      const isThere = ({ key, channel }: ChannelKey) =>
        there.some((one) => one.key === key && one.channel === channel);
      return event.reports.filter((one) => !isThere(one)).map((one) => ({ ...one, event: event.id }));
    });
  });
}

function knownDocument(documents: ReadonlyMap<string, Document>, draft: Draft): Document | null {
  return (draft.document && documents.get(draft.document.id)) ?? null;
}

/** Another channel may tell of the same happening what the first did not say, such as the title. */
function learnFrom(draft: Draft, receipt: Receipt, documents: Map<string, Document>): void {
  const known = knownDocument(documents, draft);
  if (known) documents.set(known.id, learn(known, draft, receipt.receivedAt));
}

function linksOf(drafts: readonly Draft[]): [signer: string, document: string][] {
  return drafts.flatMap(linksIn).map(({ signer, document }) => [signer, document]);
}

/** Which of its signers belong to its document. Signers without an id of the provider's are named after their document anyway. */
function linksIn({ document, signer, signers }: Draft): { signer: string; document: string }[] {
  if (!document) return [];
  const named = signer ? [signer, ...signers] : signers;
  return named
    .filter(({ id }) => !isOwnSignerId(id))
    .map(({ id }) => ({ signer: id, document: document.id }));
}

function toNewEvent(
  origin: Origin,
  key: string,
  receipt: Receipt,
  documents: Map<string, Document>,
  links: ReadonlyMap<string, string>,
): NewEvent {
  const draft = withLink(origin.draft, links);
  const event = toEvent({ ...origin, draft }, dedupeKeyOf(origin.draft), receipt, documents);
  return { event, dedupeKey: key, coalesceKey: coalesceKeyOf(origin.draft), at: timeOf(draft, origin) };
}

/** The draft with the document that another post named for its signer. */
function withLink(draft: Draft, links: ReadonlyMap<string, string>): Draft {
  const id = draft.signer && !draft.document ? links.get(draft.signer.id) : undefined;
  if (id === undefined) return draft;
  const document = { id, title: null, tags: null, references: null, test: null, expiresAt: null };
  return { ...draft, document };
}

/** Makes the event that `receipt` gives rise to, and moves its document in `documents`. */
function toEvent(
  { draft, provenance, receivedAt }: Origin,
  id: string,
  receipt: Receipt,
  documents: Map<string, Document>,
): Event {
  const evolution =
    draft.document &&
    evolve(
      knownDocument(documents, draft) ?? unknownDocument(draft.source, draft.document.id),
      draft,
      receivedAt,
    );
  if (evolution) documents.set(evolution.document.id, evolution.document);

  const { signer } = draft;
  const signers = evolution?.document.signers ?? draft.signers;
  const shown = evolution ? viewSigners(evolution.document) : draft.signers.map(viewSigner);
  return {
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
    signers: shown,
    reason: draft.reason,
    code: draft.code,
    provenance,
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
