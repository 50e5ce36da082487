import { attribute } from "./attribute.ts";
import { type ChannelKey, type CoalesceCandidate, Coalescer, type Match, type Origin } from "./coalesce.ts";
import type { Delivery } from "./delivery.ts";
import type { Subscriber } from "./destination.ts";
import { type Document, learn } from "./document.ts";
import { coalesceKeyOf, type Draft, dedupeKeyOf, withRole } from "./draft.ts";
import type { Event } from "./event.ts";
import { linksIn, type SignerLink, withLinkedDocument } from "./links.ts";
import { timeOf } from "./lookup.ts";
import { deliveriesOf, makeEvent } from "./make-event.ts";
import type { Receipt } from "./receipt.ts";
import { inShadow } from "./shadow.ts";

/** The stored rows that bear on a request: the answer to its `Lookup`. */
export interface Known {
  /**
   * By document id: those that the request names, that its signers are linked to, and that the candidates'
   * reports name.
   */
  documents: ReadonlyMap<string, Document>;
  /** By signer id: the document that another request named. */
  links: ReadonlyMap<string, string>;
  /** By dedupe key: the events recorded under it. */
  events: ReadonlyMap<string, readonly string[]>;
  /** By dedupe key: the event that this channel's report of it was matched to by nearness. */
  merged: ReadonlyMap<string, string>;
  /** By coalesce key: the events of the time range asked for. */
  candidates: Candidates;
}

type Candidates = ReadonlyMap<string, readonly CoalesceCandidate[]>;

/** An event to record. */
export interface NewEvent {
  event: Event;
  /** The key of its payload alone, under which a repeat is recognised. */
  dedupeKey: string;
  coalesceKey: string | null;
  /** When it happened, milliseconds since 1970. */
  at: number;
  /** Its creation context, as W3C Trace Context writes it; absent: nothing is traced. */
  traceparent?: string | undefined;
}

/** What a request changes: the drafts, resolved against what is stored. */
export interface Resolution {
  events: readonly NewEvent[];
  /** Every document that changed, as it is after the last event. */
  documents: readonly Document[];
  deliveries: readonly Delivery[];
  /** Events that this request reports again, with the dedupe keys that any channel may report them under. */
  duplicates: readonly { event: string; key: string }[];
  /** New links from signers to documents. */
  links: readonly SignerLink[];
  /** The candidates, with their reports as they are now. */
  candidates: Candidates;
  /** The reports added to candidates, and those that no longer hold. */
  channelKeys: { added: readonly EventChannelKey[]; removed: readonly EventChannelKey[] };
  /** Receipts that are listed as a duplicate's at one event, and belong to another. */
  moved: { from: readonly EarlierReport[]; to: readonly EarlierReport[] };
  /** In shadow: ids of the events that the request would have made. Otherwise empty. */
  shadow: readonly string[];
}

/** That an earlier receipt reported an event. */
export interface EarlierReport {
  event: string;
  receipt: string;
  channel: string;
  /** When the receipt came, milliseconds since 1970. */
  at: number;
}

/** The dedupe key under which a channel reported an event. */
export interface EventChannelKey extends ChannelKey {
  event: string;
}

export interface Rules {
  subscribers: readonly Subscriber[];
  /**
   * How far apart two channels' times of one happening may be, in milliseconds; 0: different times are
   * different happenings.
   */
  coalesce: number;
  /** The channel is in shadow: nothing but the request itself is recorded. Absent: it is not. */
  shadow?: boolean;
  /** The creation context of a new event, the same whenever it is asked for; absent: nothing is traced. */
  creationOf?: ((event: string) => string) | undefined;
}

/**
 * Resolves drafts against what is stored: repeats become duplicates; every other draft gets its signer, its
 * document and its sequence, becomes an event, and is addressed to every interested destination. Pure, so
 * that a store can call it inside its transaction.
 */
export function resolve(receipt: Receipt, drafts: readonly Draft[], known: Known, rules: Rules): Resolution {
  const resolver = new Resolver(receipt, drafts, known, rules);
  resolver.confirmExactReports();
  for (const draft of drafts) resolver.add(draft);
  const resolution = resolver.result();
  return rules.shadow ? inShadow(resolution) : resolution;
}

/** The state of one resolution: what is known, as the drafts change it one after the other. */
class Resolver {
  readonly #receipt: Receipt;
  readonly #drafts: readonly Draft[];
  readonly #known: Known;
  readonly #rules: Rules;
  readonly #documents: Map<string, Document>;
  readonly #links: Map<string, string>;
  /** By dedupe key: events recorded before, and those made here. */
  readonly #eventIds: Map<string, readonly string[]>;
  readonly #coalescers: ReadonlyMap<string, Coalescer>;
  readonly #events: NewEvent[] = [];
  readonly #duplicates: { event: string; key: string }[] = [];
  /** Earlier receipts that reported an event made here. */
  readonly #earlier: EarlierReport[] = [];

  constructor(receipt: Receipt, drafts: readonly Draft[], known: Known, rules: Rules) {
    this.#receipt = receipt;
    this.#drafts = drafts;
    this.#known = known;
    this.#rules = rules;
    this.#documents = new Map(known.documents);
    this.#links = new Map(known.links);
    this.#eventIds = new Map(known.events);
    this.#coalescers = new Map(
      [...known.candidates].map(([key, events]) => [key, new Coalescer(events, rules.coalesce)]),
    );
  }

  /**
   * Exact dedupe keys go first, for all drafts: what a channel reports exactly cannot be what it reports
   * nearly.
   */
  confirmExactReports(): void {
    if (this.#coalescers.size === 0) return;
    for (const draft of this.#drafts) {
      const split = this.#coalescerOf(draft)?.confirm(channelKeyOf(draft, this.#receipt)) ?? [];
      for (const one of split) this.#splitOff(one);
    }
  }

  add(draft: Draft): void {
    const key = dedupeKeyOf(draft);
    const origin = this.#originOf(draft);
    const document = this.#documentOf(draft);
    const { drafts: attributed, repeats } = attribute(draft, document);
    const match = this.#eventIds.has(key) ? null : this.#matchByNearness(origin);
    for (const one of match?.split ?? []) this.#splitOff(one);

    const recorded = this.#eventIds.get(key) ?? (repeats ? attributed.map(dedupeKeyOf) : null);
    if (match?.event) this.#addDuplicates(draft, [{ event: match.event, key: match.event }]);
    else if (recorded)
      this.#addDuplicates(
        draft,
        recorded.map((event) => ({ event, key })),
      );
    else {
      const made = attributed.map((one) =>
        this.#makeEvent({ ...origin, draft: withRole(one, document?.signers) }, key, this.#links),
      );
      this.#eventIds.set(key, made);
      if (made.includes(key))
        this.#coalescerOf(draft)?.add(key, channelKeyOf(draft, this.#receipt), match?.others);
      this.#earlier.push(...reportsOf(key, match?.others ?? []));
    }
    for (const { signer, document } of linksIn(draft)) this.#links.set(signer, document);
  }

  result(): Resolution {
    const { candidates: before, documents, links } = this.#known;
    const candidates = new Map([...this.#coalescers].map(([key, { events }]) => [key, events]));
    const added = channelKeysBeyond(before, candidates);
    const removed = channelKeysBeyond(candidates, before);
    const isEarlier = ({ origin }: ChannelKey) => origin?.provenance.receipt !== this.#receipt.id;
    return {
      events: this.#events,
      documents: [...this.#documents.values()].filter((one) => one !== documents.get(one.id)),
      deliveries: this.#events.flatMap(({ event }) =>
        deliveriesOf(event, this.#receipt, this.#rules.subscribers),
      ),
      duplicates: this.#duplicates,
      links: [...this.#links].flatMap(([signer, document]) =>
        links.get(signer) === document ? [] : [{ signer, document }],
      ),
      candidates,
      channelKeys: { added, removed },
      moved: {
        from: removed.flatMap((one) => reportsOf(one.event, [one])),
        to: [...this.#earlier, ...added.filter(isEarlier).flatMap((one) => reportsOf(one.event, [one]))],
      },
      shadow: [],
    };
  }

  #originOf(draft: Draft): Origin {
    const { id, mapping, verified, receivedAt } = this.#receipt;
    return { draft, provenance: { receipt: id, mapping, verified }, receivedAt };
  }

  #documentOf({ document }: Draft): Document | null {
    return (document && this.#documents.get(document.id)) ?? null;
  }

  #coalescerOf(draft: Draft): Coalescer | undefined {
    return this.#coalescers.get(coalesceKeyOf(draft) ?? "");
  }

  /**
   * The event that the report is matched to because their times are near: now, or when this channel reported
   * it before.
   */
  #matchByNearness(origin: Origin): Match | null {
    if (coalesceKeyOf(origin.draft) === null) return null;
    const report = { ...channelKeyOf(origin.draft, this.#receipt), origin };
    const coalescer = this.#coalescerOf(origin.draft);
    const before = this.#known.merged.get(report.key);
    if (before !== undefined && !coalescer?.has(before)) return { event: before, others: [], split: [] };
    return coalescer?.match(report) ?? null;
  }

  /**
   * A report that was matched by nearness turns out to be another happening: it becomes an event of its own.
   */
  #splitOff({ origin, others }: Match["split"][number]): void {
    const key = dedupeKeyOf(origin.draft);
    const linked = this.#drafts.flatMap(linksIn).map(({ signer, document }) => [signer, document] as const);
    this.#eventIds.set(key, [this.#makeEvent(origin, key, new Map([...linked, ...this.#links]))]);
    this.#coalescerOf(origin.draft)?.add(key, channelKeyOf(origin.draft, origin), others);
    this.#earlier.push(...reportsOf(key, others));
  }

  /** A repeat may still carry facts that the first report did not have, such as the title. */
  #addDuplicates(draft: Draft, duplicates: readonly { event: string; key: string }[]): void {
    this.#duplicates.push(...duplicates);
    const document = this.#documentOf(draft);
    if (document) this.#documents.set(document.id, learn(document, draft, this.#receipt.receivedAt));
  }

  /** Makes the event, and moves its document on. Returns the event's id. */
  #makeEvent(given: Origin, dedupeKey: string, links: ReadonlyMap<string, string>): string {
    const id = dedupeKeyOf(given.draft);
    const origin = { ...given, draft: withLinkedDocument(given.draft, links) };
    const { event, document } = makeEvent(origin, id, this.#receipt, this.#documentOf(origin.draft));
    if (document) this.#documents.set(document.id, document);
    const [coalesceKey, at] = [coalesceKeyOf(given.draft), timeOf(origin.draft, origin)];
    const made: NewEvent = { event, dedupeKey, coalesceKey, at };
    if (this.#rules.creationOf) made.traceparent = this.#rules.creationOf(id);
    this.#events.push(made);
    return event.id;
  }
}

function channelKeyOf(draft: Draft, received: Pick<Receipt, "receivedAt">): Omit<ChannelKey, "origin"> {
  return { key: dedupeKeyOf(draft), channel: draft.channel, at: timeOf(draft, received) };
}

/** The reports that were kept whole, as reports of that event. */
function reportsOf(event: string, keys: readonly ChannelKey[]): EarlierReport[] {
  return keys.flatMap(({ channel, origin }) =>
    origin ? [{ event, receipt: origin.provenance.receipt, channel, at: origin.receivedAt }] : [],
  );
}

/**
 * The reports that `now` has and `before` has not. An event's first report, by its own channel under its id,
 * is implied.
 */
function channelKeysBeyond(before: Candidates, now: Candidates): EventChannelKey[] {
  return [...now].flatMap(([coalesceKey, events]) => {
    const known = new Map((before.get(coalesceKey) ?? []).map((event) => [event.id, event]));
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
