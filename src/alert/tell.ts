import type { AlertRule, Batch, Untold } from "../concern/episodes.ts";
import type { Delivery } from "../domain/delivery.ts";
import { BRIDGE_SOURCE, type ConcernView, type Event, VERIFIED_BY_BRIDGE } from "../domain/event.ts";
import { deliveryId } from "../domain/identity.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Known, Resolution } from "../domain/resolve.ts";
import { NO_CHANGES } from "../domain/shadow.ts";
import type { Store } from "../store/store.ts";
import { ALERTS_CHANNEL, eventsOf, gatheredEvent, type TitlesOf } from "./compose.ts";

/** Somebody who is told what needs a person: a destination of its own kind. */
export interface Alert extends AlertRule {
  /** Titles of documents may be told. */
  details: boolean;
  /** Several changes are one message, for people; false: each is an event, for programs. */
  gathers: boolean;
}

export interface TellParts {
  store: Pick<Store, "record" | "findDocument">;
  newReceiptId(at: number): string;
  /** Milliseconds since 1970. */
  now(): number;
  version: string;
  /** Deliveries to this destination are due. */
  wake(destination: string): void;
}

/**
 * Records the events of a batch with their deliveries. A batch that was recorded before adds nothing: its
 * events have the same ids.
 */
export function createTell(parts: TellParts): (batch: Batch, alert: Alert) => Promise<void> {
  return async (batch, alert) => {
    const receipt = receiptOf({ told: batch.alert, changes: batch.changes.map(briefOf) }, parts);
    const titles = alert.details ? await titlesOf(batch.changes, parts.store) : () => undefined;
    const events = alert.gathers ? [gatheredEvent(batch, receipt, titles)] : eventsOf(batch, receipt, titles);
    await recordEvents(events, { receipt, destination: alert.name }, parts);
  };
}

function briefOf({ change, at, concern }: Untold) {
  return { change, at: new Date(at).toISOString(), concern: concern.id };
}

/** What the bridge tells is kept as any other request is. */
export function receiptOf(
  content: object,
  { now, newReceiptId, version }: Omit<TellParts, "store" | "wake">,
): Receipt {
  const receivedAt = now();
  return {
    id: newReceiptId(receivedAt),
    ...{ source: BRIDGE_SOURCE, channel: ALERTS_CHANNEL, receivedAt, query: "" },
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(content)),
    ...{ verified: VERIFIED_BY_BRIDGE, mapping: `countersign@${version}`, problems: [] },
  };
}

/** Records events of the bridge for one destination; those that are known already are left as they are. */
export async function recordEvents(
  events: readonly Event[],
  { receipt, destination }: { receipt: Receipt; destination: string },
  { store, wake }: Pick<TellParts, "store" | "wake">,
): Promise<void> {
  const ids = events.map(({ id }) => id);
  const lookup = {
    ...{ documents: [], signers: [], placedSigners: [], dedupeKeys: ids, nearKeys: [], coalesce: [] },
  };
  const resolve = (known: Known) => resolutionOf(events, known, receipt, destination);
  await store.record({ receipt, lookup, resolve });
  wake(destination);
}

function resolutionOf(
  events: readonly Event[],
  known: Known,
  { receivedAt }: Receipt,
  destination: string,
): Resolution {
  const isKnown = ({ id }: Event) => known.events.has(id);
  const added = events.filter((event) => !isKnown(event));
  return {
    ...NO_CHANGES,
    events: added.map((event) => ({
      ...{ event, dedupeKey: event.id, coalesceKey: null, at: Date.parse(event.time) },
    })),
    deliveries: added.map((event) => deliveryOf(event, destination, receivedAt)),
    duplicates: events.filter(isKnown).map(({ id }) => ({ event: id, key: id })),
  };
}

/** What is told of one concern goes in order; one message waits for no other. */
function deliveryOf({ id, concerns }: Event, destination: string, dueAt: number): Delivery {
  const [first, ...more] = concerns ?? [];
  return {
    ...{ id: deliveryId(id, destination), event: id, destination },
    lane: first && more.length === 0 ? `${BRIDGE_SOURCE}/concern/${first.id}` : null,
    ...{ status: "pending", reason: null, attempts: 0, dueAt, replayedAfter: null },
  };
}

async function titlesOf(changes: readonly Untold[], store: Pick<Store, "findDocument">): Promise<TitlesOf> {
  const titles = new Map<Untold, ConcernView["documents"]>();
  for (const change of changes) {
    const { source, documents = [] } = change.concern.subject;
    if (source === undefined || documents.length === 0) continue;
    const found: { id: string; title: string | null }[] = [];
    for (const id of documents)
      found.push({ id, title: (await store.findDocument(source, id))?.title ?? null });
    titles.set(change, found);
  }
  return (change) => titles.get(change);
}
