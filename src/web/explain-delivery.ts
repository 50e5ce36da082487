import type { Attempt, Delivery, ParkReason } from "../domain/delivery.ts";
import { PAUSED_BY_CONFIGURATION } from "../domain/destination.ts";
import { formatDuration } from "../domain/quantity.ts";
import { locationIn, textIn } from "../domain/redirect.ts";
import type { DestinationState, Pause } from "../store/port/control.ts";
import type { AttemptedDelivery } from "../store/port/reads.ts";
import type { Store } from "../store/store.ts";

/** What explain tells of an event's deliveries: every try, how it stands now, and what a person can do about it. */

/** One thing that happened, or is so. */
export interface Sentence {
  /** When, milliseconds since 1970; null for what is so now. */
  at: number | null;
  text: string;
}

export interface DeliveryParts {
  store: Pick<Store, "findBlocking" | "findEvent">;
  /** How each configured destination is. */
  states(): readonly DestinationState[];
  /** Milliseconds since 1970. */
  now(): number;
}

/** One delivery, from its first try on. */
export async function tellDelivery(delivery: AttemptedDelivery, parts: DeliveryParts): Promise<Sentence[]> {
  const tries = delivery.history.map((attempt) => tellAttempt(delivery, attempt));
  return [...tries, { at: null, text: await tellState(delivery, parts) }];
}

function tellAttempt({ destination, event }: Delivery, attempt: Attempt): Sentence {
  const { number, startedAt: at, duration } = attempt;
  const text = `Try ${number} to send ${event} to ${destination} ${tellAnswer(attempt)} after ${duration} ms`;
  return { at, text: `${text}${quote(attempt)}.${adviceOn(destination, attempt)}` };
}

/** Follows what was tried. */
function tellAnswer({ cause, status }: Attempt): string {
  if (cause === "answered") return `was answered with ${status}`;
  if (status === null) return `got no answer (${cause})`;
  return `was answered with ${status}, but the answer did not come to its end (${cause})`;
}

/** The first words of the answer. */
function quote(attempt: Attempt): string {
  const words = textIn(attempt);
  return words ? `: ${JSON.stringify(words.slice(0, 200))}` : "";
}

function adviceOn(destination: string, attempt: Attempt): string {
  const { cause, status } = attempt;
  const location = locationIn(attempt);
  if (location !== null)
    return ` It points to ${location}: redirects are not followed, so set that as \`url\` of ${destination}.`;
  if (cause !== "answered" && status !== null && status >= 200 && status < 300)
    return ` ${destination} may have taken it all the same: what is sent again has the same webhook-id.`;
  return "";
}

const WHY_PARKED: Readonly<Record<ParkReason, string>> = {
  schedule_exhausted: "its schedule has run out",
  gone: "the destination answered 410 Gone",
  rejected: "the destination answered with a status that its `parkOn` names",
  unsupported_by_format: "the destination's format cannot say this event, so that nothing was sent",
  skipped: "a person skipped it",
  destination_removed: "the destination was not configured any more",
};

/** What sends it after all. */
function tellReplay({ destination, reason }: Delivery, state: DestinationState | undefined): string {
  const replay = `\`countersign replay --destination ${destination}\` sends what is parked again`;
  if (!state) return `once there is a destination of that name, ${replay}`;
  if (reason === "unsupported_by_format") return `with another \`format\` of ${destination}, ${replay}`;
  return state.paused ? `${replay} once ${tellResume(destination, state.paused)}` : replay;
}

function tellResume(destination: string, { reason }: Pause): string {
  return reason === PAUSED_BY_CONFIGURATION
    ? `\`paused: true\` is removed and \`countersign reload\` lets it go on`
    : `\`countersign resume ${destination}\` lets it go on`;
}

/** How it stands now, and what comes next or why nothing does. */
async function tellState(delivery: AttemptedDelivery, parts: DeliveryParts): Promise<string> {
  const { destination, event, status, reason } = delivery;
  const state = parts.states().find(({ name }) => name === destination);
  if (status === "delivered") return `${event} is delivered to ${destination}.`;
  if (status === "parked") {
    const why = reason ? WHY_PARKED[reason] : "of an unknown reason";
    return `${event} is parked for ${destination}, because ${why}; ${tellReplay(delivery, state)}.`;
  }
  if (!state)
    return `${event} waits for ${destination}, which is not configured: nothing is sent to it. \`countersign reload\` parks what waits, and \`countersign replay\` sends it once there is a destination of that name.`;
  if (isOut(delivery, parts.now())) return tellOut(delivery, parts.now());
  if (state.paused) {
    const since = new Date(state.paused.at).toISOString();
    return `${event} waits, because ${destination} is paused since ${since} (${state.paused.reason}), until ${tellResume(destination, state.paused)}.`;
  }
  if (status === "held") return tellBlocking(delivery, parts);
  if (state.breaker?.probeAt != null) {
    return `${event} waits, because ${destination} failed ${state.breaker.failures} times in a row; the next probe is due at ${moment(state.breaker.probeAt, parts.now())}.`;
  }
  return tellNext(delivery, parts.now());
}

/** A lease that has ended is of a process that died. */
function isOut({ leased, dueAt }: AttemptedDelivery, now: number): boolean {
  return leased && dueAt !== null && dueAt > now;
}

function tellOut({ destination, event, dueAt }: AttemptedDelivery, now: number): string {
  return `${event} is being tried at ${destination} at this moment; should nothing come of that, as after a crash, it is tried again at ${moment(dueAt ?? now, now)}.`;
}

function tellNext({ id, destination, event, lane, attempts, dueAt }: AttemptedDelivery, now: number): string {
  const next = `The next try to send ${event} to ${destination} is due at ${moment(dueAt ?? now, now)}.`;
  if (attempts === 0 || lane === null) return next;
  return `${next} Until then later events of the same document wait; \`countersign skip ${id}\` gives it up and lets them go.`;
}

/** Which earlier one of its document it waits for, and what can be done about that. */
async function tellBlocking(
  { id, event, destination }: AttemptedDelivery,
  { store, now }: DeliveryParts,
): Promise<string> {
  const blocking = await store.findBlocking(id);
  const history = blocking && (await store.findEvent(blocking.event));
  const first = history?.deliveries.find((one) => one.id === blocking?.id);
  if (!history || !first)
    return `${event} waits until the one before it of the same document is delivered to ${destination} or parked.`;
  const waits = `${event} waits for ${history.event.type} (${first.event}) of the same document`;
  if (isOut(first, now())) return `${waits}, which is being tried at this moment.`;
  const last = first.history.at(-1);
  const tried = last
    ? `which was tried ${first.attempts === 1 ? "once" : `${first.attempts} times`} and last ${tellAnswer(last)}${quote(last)}`
    : "which has not been tried yet";
  return `${waits}, ${tried}. \`countersign explain ${first.id}\` tells more, and \`countersign skip ${first.id}\` gives that one up, so that the next goes.`;
}

function moment(at: number, now: number): string {
  const left = Math.round((at - now) / 1_000) * 1_000;
  return `${new Date(at).toISOString()} (${left > 0 ? `in ${formatDuration(left)}` : "now"})`;
}
