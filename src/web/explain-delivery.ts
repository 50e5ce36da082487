import type { Attempt, Delivery } from "../domain/delivery.ts";
import { BATCH_LANE } from "../domain/destination.ts";
import { textIn } from "../domain/redirect.ts";
import type { AttemptedDelivery } from "../store/port/reads.ts";
import {
  adviseOn,
  adviseReplay,
  adviseResume,
  type DeliveryParts,
  describeBatch,
  type FindBlocking,
  formatWait,
  isLeased,
  nameFailing,
  WHY_PARKED,
} from "./explain-advice.ts";

/** The full account of a delivery: every attempt, how it stands now, and what a person can do about it. */

/** One thing that happened, or is so. */
export interface Sentence {
  /** When, milliseconds since 1970; null for what is so now. */
  at: number | null;
  text: string;
}

/** One delivery, from its first attempt on. */
export async function accountForDelivery(
  delivery: AttemptedDelivery,
  parts: DeliveryParts,
  findBlocking: FindBlocking,
): Promise<Sentence[]> {
  const attempts = delivery.history.map((attempt) => accountForAttempt(delivery, attempt));
  return [...attempts, { at: null, text: await accountForState(delivery, parts, findBlocking) }];
}

function accountForAttempt({ destination, event }: Delivery, attempt: Attempt): Sentence {
  const { number, startedAt: at, duration } = attempt;
  const answer = `${describeAnswer(attempt)} after ${duration} ms${quote(attempt)}.`;
  const advice = adviseOn(destination, attempt);
  const text = `Attempt ${number} to send ${event} to ${destination} ${answer}`;
  return { at, text: advice === null ? text : `${text} ${advice}` };
}

/** Follows the attempt. */
function describeAnswer({ cause, status }: Attempt): string {
  if (cause === "answered") return `was answered with ${status}`;
  if (cause === "token") return "was not sent, for want of an access token,";
  if (status === null) return `got no answer (${cause})`;
  return `was answered with ${status}, but the answer did not come to its end (${cause})`;
}

/** The first words of the answer. */
function quote(attempt: Attempt): string {
  const words = textIn(attempt);
  return words ? `: ${JSON.stringify(words.slice(0, 200))}` : "";
}

/** How the delivery stands now, and what comes next or why nothing does. */
async function accountForState(
  delivery: AttemptedDelivery,
  parts: DeliveryParts,
  findBlocking: FindBlocking,
): Promise<string> {
  const { destination, event, status, reason } = delivery;
  const state = parts.states().find(({ name }) => name === destination);
  if (status === "delivered") return `${event} is delivered to ${destination}.`;
  if (status === "parked") {
    const why = reason ? WHY_PARKED[reason] : "of an unknown reason";
    return `${event} is parked for ${destination}, because ${why}; ${adviseReplay(delivery, state)}.`;
  }
  if (!state) return accountForUnconfigured(delivery);
  if (isLeased(delivery, parts.now())) return accountForLease(delivery, parts.now());
  if (state.paused) {
    const since = new Date(state.paused.at).toISOString();
    const why = `${destination} is paused since ${since} (${state.paused.reason})`;
    return `${event} waits, because ${why}, until ${adviseResume(destination, state.paused)}.`;
  }
  if (status === "held") return accountForHeld(delivery, parts.now(), findBlocking);
  if (state.breaker?.probeAt != null) {
    const { failures, probeAt } = state.breaker;
    const why = `${nameFailing(state)} failed ${failures} times in a row`;
    return `${event} waits, because ${why}; the next probe is due at ${moment(probeAt, parts.now())}.`;
  }
  return accountForNext(delivery, parts.now());
}

function accountForUnconfigured({ event, destination }: Delivery): string {
  const waits = `${event} waits for ${destination}, which is not configured: nothing is sent to it`;
  const parks = "`countersign reload` parks what waits";
  const sends = "`countersign replay` sends it once there is a destination of that name";
  return `${waits}. ${parks}, and ${sends}.`;
}

function accountForLease({ destination, event, dueAt }: Delivery, now: number): string {
  const again = `it is attempted again at ${moment(dueAt ?? now, now)}`;
  const leased = `${event} is being attempted at ${destination} at this moment`;
  return `${leased}; should nothing come of that, as after a crash, ${again}.`;
}

function accountForNext({ id, destination, event, lane, attempts, dueAt }: Delivery, now: number): string {
  const next = `The next attempt to send ${event} to ${destination} is due at ${moment(dueAt ?? now, now)}.`;
  if (attempts === 0 || lane === null) return next;
  const skip = `\`countersign skip ${id}\` gives it up and lets them go`;
  return `${next} Until then later events of the same document wait; ${skip}.`;
}

/** Which earlier delivery of its document it waits for, and what can be done about that one. */
async function accountForHeld(held: Delivery, now: number, findBlocking: FindBlocking): Promise<string> {
  const { event, destination } = held;
  if (held.lane === BATCH_LANE) return `${event} waits: ${describeBatch(held, now)} to ${destination}.`;
  const blocking = await findBlocking(held);
  if (!blocking)
    return `${event} waits until the one before it of its document is delivered to ${destination} or parked.`;
  const { delivery, type } = blocking;
  const waits = `${event} waits for ${type} (${blocking.event}) of the same document`;
  if (isLeased(delivery, now)) return `${waits}, which is being attempted at this moment.`;
  const more = `\`countersign explain ${delivery.id}\` tells more`;
  const skip = `\`countersign skip ${delivery.id}\` gives that one up, so that the next goes`;
  return `${waits}, ${describeAttempts(delivery)}. ${more}, and ${skip}.`;
}

function describeAttempts({ attempts, history }: AttemptedDelivery): string {
  const last = history.at(-1);
  if (!last) return "which has not been attempted yet";
  const times = attempts === 1 ? "once" : `${attempts} times`;
  return `which was attempted ${times} and last ${describeAnswer(last)}${quote(last)}`;
}

function moment(at: number, now: number): string {
  return `${new Date(at).toISOString()} (${formatWait(at, now)})`;
}
