import type { Delivery } from "../../src/domain/delivery.ts";
import type { Event } from "../../src/domain/event.ts";
import type { ProviderName } from "../../src/simulate/simulation.ts";
import type { SimulatedHappening } from "../../src/simulate/timeline.ts";
import type { Tallies } from "../../src/store/port/reads.ts";
import { complaintsAbout, type LegacyReceiver } from "./legacy.ts";
import type { Load, Sent } from "./load.ts";
import { miscounts } from "./miscounts.ts";
import type { Receiver } from "./receivers.ts";

/**
 * Compares the posts of providers with the rows of a bridge and with the arrivals at its receivers. It knows
 * neither event ids nor mappings: a happening is identified by its object, its type and its time.
 */

/** The rows of a bridge once nothing is pending any more. */
export interface Stored {
  events: readonly Event[];
  deliveries: readonly Delivery[];
  receipts: readonly { id: string; source: string; channel: string }[];
  tallies: Tallies;
}

export interface Verdict {
  posts: number;
  /** Answered with 200. */
  taken: number;
  /** Sent more than once. */
  retried: number;
  events: number;
  /** Events times destinations. */
  deliveries: number;
  arrivals: number;
  /** Arrivals of events that had arrived before. */
  repeats: number;
  lost: number;
  twice: number;
  disordered: number;
  /** Deliveries that are still open. */
  stuck: number;
  /** Tallies that differ from what they count. */
  miscounted: number;
  /** A sentence for each of these, and for each other fault. */
  complaints: readonly string[];
}

export interface Evidence {
  load: Pick<Load, "sent" | "happenings" | "surprises">;
  stored: Stored;
  receivers: readonly Receiver[];
  /** Absent: there was none. */
  legacy?: Pick<LegacyReceiver, "batches" | "complaints"> | null;
}

export function judge({ load, stored, receivers, legacy = null }: Evidence): Verdict {
  const { sent } = load;
  const compared = compareEvents(load, stored.events);
  const lost = [
    ...compared.lost,
    ...lostReceipts(sent, stored),
    ...receivers.flatMap((receiver) => undelivered(stored, receiver)),
  ];
  const twice = [
    ...compared.twice,
    ...receivers.flatMap((receiver) => unknownArrivals(stored.events, receiver)),
  ];
  const disordered = receivers.flatMap(outOfOrder);
  const stuck = stored.deliveries.filter(isOpen).map(describeDelivery);
  const miscounted = miscounts(stored);
  const times = sum(receivers.map((receiver) => receiver.times));
  const arrivals = sum(receivers.map((receiver) => receiver.arrivals.size));
  return {
    posts: sent.length,
    taken: sent.filter(({ taken }) => taken).length,
    retried: sent.filter(({ attempts }) => attempts > 1).length,
    events: stored.events.length,
    deliveries: stored.events.length * receivers.length,
    arrivals: times,
    repeats: times - arrivals,
    lost: lost.length,
    twice: twice.length,
    disordered: disordered.length,
    stuck: stuck.length,
    miscounted: miscounted.length,
    complaints: [
      ...lost,
      ...twice,
      ...disordered,
      ...stuck,
      ...miscounted,
      ...parked(stored),
      ...load.surprises,
      ...receivers.flatMap(({ complaints }) => complaints),
      ...(legacy ? [...legacy.complaints, ...complaintsAbout(legacy.batches(), stored.events)] : []),
    ],
  };
}

/** There is no complaint. */
export function isClean({ complaints }: Pick<Verdict, "complaints">): boolean {
  return complaints.length === 0;
}

/**
 * Every happening of a taken post must have one event, and every event must be of a happening of a sent post.
 */
function compareEvents(
  { sent, happenings }: Evidence["load"],
  events: readonly Event[],
): { lost: string[]; twice: string[] } {
  const must = reports(sent.filter(({ taken }) => taken));
  const may = reports(sent);
  const found = new Map<SimulatedHappening, Event[]>();
  const twice: string[] = [];
  const happeningOf = createIndex(sent, happenings);
  for (const event of events) {
    const happening = happeningOf(event);
    if (happening && may.has(happening)) found.set(happening, [...(found.get(happening) ?? []), event]);
    else twice.push(`an event that no post reported: ${describe(event)}`);
  }
  for (const [happening, all] of found)
    if (all.length > 1)
      twice.push(`${all.length} events of one ${happening.type}: ${all.map(describe).join(", ")}`);
  const lost = [...must]
    .filter((happening) => !found.has(happening))
    .map(({ type, document, signer }) => `no event of ${type} of ${document} by ${signer}`);
  return { lost, twice };
}

function reports(sent: readonly Sent[]): Set<SimulatedHappening> {
  return new Set(sent.flatMap(({ post }) => post.happenings));
}

/**
 * Finds the happening of an event: of several alike the nearest in time, since the channels' clocks differ.
 */
function createIndex(
  sent: readonly Sent[],
  happenings: readonly SimulatedHappening[],
): (event: Event) => SimulatedHappening | null {
  const sources = new Map(sent.flatMap(({ source, post }) => post.documents.map((id) => [id, source])));
  const index = Map.groupBy(happenings, (happening) => nameOf(happening, sources.get(happening.document)));
  return (event) => {
    const about = {
      type: event.type,
      document: event.document?.id ?? "",
      signer: event.source === "lumin" ? (event.signer?.email ?? null) : (event.signer?.id ?? null),
    };
    const [nearest = null] = (index.get(nameOf(about, event.source)) ?? []).toSorted(
      (a, b) => Math.abs(a.time - Date.parse(event.time)) - Math.abs(b.time - Date.parse(event.time)),
    );
    return nearest;
  };
}

/** Legalesign's signers have ids of their own, and an item about one need not name the document. */
function nameOf(
  { type, document, signer }: { type: string; document: string; signer: string | null },
  source: ProviderName | string | undefined,
): string {
  const object = source === "legalesign" && signer !== null ? "" : document;
  return JSON.stringify([source, type, object, signer]);
}

function lostReceipts(sent: readonly Sent[], { receipts }: Stored): string[] {
  const known = new Set(receipts.map(({ id }) => id));
  return sent
    .filter(({ receipt }) => receipt !== null && !known.has(receipt))
    .map(({ receipt }) => `the receipt ${receipt} was answered with 200 and is not there`);
}

/** Events that have no accepted arrival although their delivery is not open. */
function undelivered({ events, deliveries }: Stored, { name, arrivals }: Receiver): string[] {
  const open = new Set(
    deliveries.filter((one) => isOpen(one) && one.destination === name).map(({ event }) => event),
  );
  return events
    .filter(({ id }) => !arrivals.get(id)?.accepted && !open.has(id))
    .map((event) => `never arrived at ${name}: ${describe(event)}`);
}

function isOpen({ status }: Delivery): boolean {
  return status === "pending" || status === "held";
}

function unknownArrivals(events: readonly Event[], { name, arrivals }: Receiver): string[] {
  const known = new Set(events.map(({ id }) => id));
  return [...arrivals.keys()]
    .filter((id) => !known.has(id))
    .map((id) => `${id} arrived at ${name} and is not among the events`);
}

/** The first arrivals of a document's events must be in order; repeats may arrive at any time. */
function outOfOrder({ name, arrivals }: Receiver): string[] {
  const last = new Map<string, number>();
  const wrong: string[] = [];
  for (const { id, document, sequence } of arrivals.values()) {
    if (document === null || sequence === null) continue;
    const before = last.get(document) ?? 0;
    if (sequence !== before + 1)
      wrong.push(`${id} is number ${sequence} and came to ${name} after ${before}`);
    last.set(document, Math.max(before, sequence));
  }
  return wrong;
}

/** No answer of a receiver here is permanent, so nothing may be parked. */
function parked({ deliveries }: Stored): string[] {
  return deliveries.filter(({ status }) => status === "parked").map(describeDelivery);
}

function describeDelivery({ id, event, destination, status, dueAt }: Delivery): string {
  const due = dueAt === null ? "" : `, due at ${new Date(dueAt).toISOString()}`;
  return `${id} (${event} to ${destination}) is ${status}${due}`;
}

function describe({ id, source, type, document, signer, time, channel }: Event): string {
  return `${id} ${source}/${channel} ${type} of ${document?.id ?? "?"} by ${signer?.id ?? "?"} at ${time}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
