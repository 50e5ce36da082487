import type { Attempt, Delivery, ParkReason } from "../domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../domain/destination.ts";
import type { Event } from "../domain/event.ts";
import { formatDuration } from "../domain/quantity.ts";
import { locationIn } from "../domain/redirect.ts";
import { isShellWord } from "../domain/text.ts";
import type { DestinationState, Pause } from "../store/port/control.ts";
import type { AttemptedDelivery, EventHistory } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";

/** Why a delivery does not go on, and the commands that help, for short lines and full sentences alike. */

export interface DeliveryParts {
  store: Pick<Store, "findBlocking" | "findEvent">;
  /** The configured destinations that ask for the event, and whose format cannot express it. */
  unsupporting(event: Event): readonly { name: string; format: string }[];
  /** How each configured destination is. */
  states(): readonly DestinationState[];
  /** Milliseconds since 1970. */
  now(): number;
}

export const WHY_PARKED: Readonly<Record<ParkReason, string>> = {
  schedule_exhausted: "its schedule has run out",
  gone: "the destination answered 410 Gone",
  rejected: "the destination answered with a status that its `parkOn` names",
  unsupported_by_format: "the destination's format cannot express this event, so that nothing was sent",
  skipped: "a person skipped it",
  destination_removed: "the destination was not configured any more",
};

/**
 * What sends a parked delivery after all. `document` narrows the command to that document, where its id means
 * nothing to a shell.
 */
export function adviseReplay(
  { destination, reason }: Pick<Delivery, "destination" | "reason">,
  state: DestinationState | undefined,
  document: string | null = null,
): string {
  const narrowed = document !== null && isShellWord(document) ? ` --document ${document}` : "";
  const replay = `\`countersign replay --destination ${destination}${narrowed}\` sends what is parked again`;
  if (!state) return `once there is a destination of that name, ${replay}`;
  if (reason === "unsupported_by_format") return `with another \`format\` of ${destination}, ${replay}`;
  return state.paused ? `${replay} once ${adviseResume(destination, state.paused)}` : replay;
}

export function adviseResume(destination: string, { reason }: Pause): string {
  return reason === PAUSED_BY_CONFIGURATION
    ? "`paused: true` is removed and `countersign reload` lets it go on"
    : `\`countersign resume ${destination}\` lets it go on`;
}

/** Follows from the way in which an attempt failed; null: nothing does. */
export function adviseOn(destination: string, attempt: Attempt): string | null {
  const { cause, status } = attempt;
  if (cause === "token")
    return `It is the token endpoint that failed, not ${destination}: restore it, or correct \`auth.oauth2\` and \`countersign reload\`.`;
  const location = locationIn(attempt);
  if (location !== null)
    return `It points to ${location}: redirects are not followed, so set that as \`url\` of ${destination}.`;
  if (cause !== "answered" && status !== null && status >= 200 && status < 300)
    return `${destination} may have processed it all the same: what is sent again has the same webhook-id.`;
  return null;
}

/** Why destinations that ask for an event have no delivery of it: a sentence for each format. */
export function sentencesOfUnsupported(
  { event, deliveries }: Pick<EventHistory, "event" | "deliveries">,
  { unsupporting }: Pick<DeliveryParts, "unsupporting">,
): string[] {
  const addressed = new Set(deliveries.map(({ destination }) => destination));
  const left = unsupporting(event).filter(({ name }) => !addressed.has(name));
  return [...Map.groupBy(left, ({ format }) => format)].map(
    ([format, all]) =>
      `Not sent to ${all.map(({ name }) => name).join(", ")}: \`format: ${format}\` has no word for it.`,
  );
}

/** Where a held delivery to a destination with batches goes. */
export function describeBatch({ dueAt }: Pick<Delivery, "dueAt">, now: number): string {
  if (dueAt === null || dueAt <= now) return "it goes in the next batch, or in one after it";
  return `it goes in the batch that is due at ${new Date(dueAt).toISOString()} (${formatWait(dueAt, now)})`;
}

/** What keeps the circuit breaker open. */
export function nameFailing({ name, breaker }: DestinationState): string {
  return breaker?.failing === "token_endpoint" ? `the token endpoint of ${name}` : name;
}

/** A delivery that another one waits for, with its event. */
export interface Blocking {
  event: string;
  type: string;
  delivery: AttemptedDelivery;
}

export type FindBlocking = (held: Delivery) => Promise<Blocking | null>;

/**
 * Asks the store once for all held deliveries that wait for the same one. Null: the delivery waits for none.
 */
export function createFindBlocking(store: DeliveryParts["store"]): FindBlocking {
  const known = new Map<string, Promise<Blocking | null>>();
  return (held) => {
    const place = JSON.stringify([held.destination, held.lane]);
    const blocking = known.get(place) ?? findBlocking(held, store);
    known.set(place, blocking);
    return blocking;
  };
}

async function findBlocking({ id }: Delivery, store: DeliveryParts["store"]): Promise<Blocking | null> {
  const found = await store.findBlocking(id);
  const history = found && (await store.findEvent(found.event));
  const delivery = history?.deliveries.find((one) => one.id === found?.id);
  return history && delivery ? { event: history.event.id, type: history.event.type, delivery } : null;
}

/** Whether a worker attempts it at this moment. A lease that has ended is of a process that died. */
export function isLeased({ leased, dueAt }: AttemptedDelivery, now: number): boolean {
  return leased && dueAt !== null && dueAt > now;
}

/** How far away a moment is: `in 5m`, or `now` where it is past. */
export function formatWait(at: number, now: number): string {
  const left = Math.round((at - now) / 1_000) * 1_000;
  return left > 0 ? `in ${formatDuration(left)}` : "now";
}
