import type { Delivery } from "./delivery.ts";
import type { Event } from "./event.ts";
import type { NewEvent, Resolution } from "./resolve.ts";

/** The part of a resolution that takes effect, and what the receipt reports beside it. */
export interface Reconciliation {
  /** The new events, each once. */
  events: readonly Event[];
  /** Ids of the events that the request reports again, each once. */
  duplicates: readonly string[];
  /** Those of the new events alone. */
  deliveries: readonly Delivery[];
  /** The destinations of these deliveries, each once. */
  destinations: readonly string[];
}

/**
 * Compares a resolution with what the store took of it. The resolution is made from what was known when it
 * looked; another request, or a repeat within the same one, may have been first with an event. Such an event
 * is a duplicate, and its deliveries exist already. Every store records by this rule.
 *
 * `isNew` tells whether this very entry became an event; it is asked once of each entry, in order.
 * `reportedBefore` are the ids that the same receipt reported before it was amended: reporting them again
 * makes no duplicate.
 */
export function reconcile(
  { events, duplicates, deliveries }: Pick<Resolution, "events" | "duplicates" | "deliveries">,
  isNew: (one: NewEvent) => boolean,
  reportedBefore: ReadonlySet<string> = new Set(),
): Reconciliation {
  const added = events.filter(isNew).map(({ event }) => event);
  const addedIds = new Set(added.map(({ id }) => id));
  const reported = [...duplicates.map(({ event }) => event), ...events.map(({ event }) => event.id)];
  const following = deliveries.filter(({ event }) => addedIds.has(event));
  return {
    events: added,
    duplicates: [...new Set(reported)].filter((id) => !addedIds.has(id) && !reportedBefore.has(id)),
    deliveries: following,
    destinations: [...new Set(following.map(({ destination }) => destination))],
  };
}
