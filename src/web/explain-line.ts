import type { Attempt, Delivery } from "../domain/delivery.ts";
import { BATCH_LANE } from "../domain/destination.ts";
import { formatMoment, formatMomentBeside } from "../domain/moment.ts";
import { plural } from "../domain/quantity.ts";
import { textIn } from "../domain/redirect.ts";
import type { DestinationState } from "../store/port/control.ts";
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
} from "./explain-advice.ts";
import { shorten } from "./explain-words.ts";

/** A delivery in one short line. Sentences that several lines may share are notes, printed once. */

export interface Line {
  text: string;
  /** Sentences that belong to the line; equal ones share a footnote. */
  notes: readonly string[];
}

export interface LineParts extends DeliveryParts {
  findBlocking: FindBlocking;
  /** How an event is called in the lines around; null: it has none. */
  labelOf(event: string): number | null;
}

/** The event that a delivery is of, as far as its line needs it. */
export interface About {
  /** The document's id; null: it is not known. */
  document: string | null;
  /** When the event was received, milliseconds since 1970: other times show their day where it differs. */
  receivedAt: number;
}

const MAX_ANSWER_LENGTH = 40;

/** How the delivery stands, such as `delivered after 2 attempts at 12:00:31 (200)`. */
export async function lineOf(delivery: AttemptedDelivery, about: About, parts: LineParts): Promise<Line> {
  const line = await lineOfState(delivery, about, parts);
  return delivery.replayedAfter === null ? line : { ...line, text: `${line.text}, ${replayOf(delivery)}` };
}

function replayOf({ replayedAfter }: Delivery): string {
  return replayedAfter ? `replayed after ${plural(replayedAfter, "attempt")}` : "replayed";
}

async function lineOfState(delivery: AttemptedDelivery, about: About, parts: LineParts): Promise<Line> {
  const state = parts.states().find(({ name }) => name === delivery.destination);
  if (delivery.status === "delivered") return lineOfDelivered(delivery, about);
  if (delivery.status === "parked") return lineOfParked(delivery, state, about);
  if (!state) return lineOfUnconfigured(delivery);
  if (isLeased(delivery, parts.now())) return lineOfLeased(delivery, about);
  if (state.paused) return lineOfPaused(delivery, state.paused);
  if (delivery.status === "held") return lineOfHeld(delivery, parts);
  return lineOfPending(delivery, state, about, parts.now());
}

function lineOfDelivered({ attempts, history }: AttemptedDelivery, about: About): Line {
  const last = history.at(-1);
  const after = `delivered after ${plural(attempts, "attempt")}`;
  if (!last) return { text: after, notes: ["Its attempts are not kept any more."] };
  return { text: `${after} at ${timeOf(endOf(last), about)} (${last.status})`, notes: [] };
}

/** Follows `parked`, and tells of the last attempt where that was the reason. */
function lineOfParked(delivery: AttemptedDelivery, state: DestinationState | undefined, about: About): Line {
  const { destination, reason, attempts, history } = delivery;
  const last = history.at(-1);
  const at = last ? ` at ${timeOf(endOf(last), about)}` : "";
  const after = `parked${at} after ${plural(attempts, "attempt")}`;
  const answer = last ? `last: ${answerOf(last)}` : "its attempts are not kept any more";
  const texts = {
    schedule_exhausted: `${after}: schedule exhausted, ${answer}`,
    gone: `${after}: 410 Gone`,
    rejected: `${after}: ${last ? answerOf(last) : "a status"}, which \`parkOn\` names`,
    unsupported_by_format: `parked: the format of ${destination} cannot express this event, nothing was sent`,
    skipped: `parked: a person skipped it after ${plural(attempts, "attempt")}`,
    destination_removed: `parked: ${destination} was not configured any more`,
  };
  const replay = adviseReplay(delivery, state, about.document);
  return { text: reason ? texts[reason] : after, notes: [sentence(replay), ...notesOn(destination, last)] };
}

function lineOfUnconfigured({ status, destination }: Delivery): Line {
  const parks = "`countersign reload` parks what waits for it";
  const sends = "`countersign replay` sends that once there is a destination of that name";
  return {
    text: `${status}: ${destination} is not configured`,
    notes: [`Nothing is sent to ${destination}: ${parks}, and ${sends}.`],
  };
}

function lineOfLeased({ attempts, dueAt }: AttemptedDelivery, about: About): Line {
  const end = dueAt === null ? "" : `, until ${timeOf(dueAt, about)} at the latest`;
  return { text: `pending: attempt ${attempts + 1} is under way${end}`, notes: [] };
}

function lineOfPaused({ status, destination }: Delivery, pause: { at: number; reason: string }): Line {
  const since = `since ${formatMoment(pause.at)} (${shorten(pause.reason, 200)})`;
  return {
    text: `${status}: ${destination} is paused`,
    notes: [`${destination} is paused ${since}, until ${adviseResume(destination, pause)}.`],
  };
}

async function lineOfHeld(held: Delivery, { findBlocking, labelOf, now }: LineParts): Promise<Line> {
  if (held.lane === BATCH_LANE) return { text: `held: ${describeBatch(held, now())}`, notes: [] };
  const blocking = await findBlocking(held);
  if (!blocking) return { text: "held: the one before it of its document is not final yet", notes: [] };
  const { delivery, event, type } = blocking;
  const label = labelOf(event);
  if (label !== null) return { text: `held behind ${label}`, notes: [] };
  const name = `held behind ${type} (${event})`;
  if (isLeased(delivery, now())) return { text: `${name}, which is being attempted`, notes: [] };
  const last = delivery.history.at(-1);
  const attempts = plural(delivery.attempts, "attempt");
  return {
    text: `${name}, ${last ? `${attempts}, last: ${answerOf(last)}` : attempts}`,
    notes: [`${explainAdvice(delivery)}, and ${skipAdvice(delivery)}.`],
  };
}

function lineOfPending(
  delivery: AttemptedDelivery,
  state: DestinationState,
  about: About,
  now: number,
): Line {
  const { destination, attempts, history } = delivery;
  const { breaker } = state;
  const isBroken = breaker?.probeAt != null;
  const at = (isBroken ? breaker.probeAt : delivery.dueAt) ?? now;
  const next = isBroken ? "next probe" : attempts === 0 ? "first attempt" : `attempt ${attempts + 1}`;
  const last = history.at(-1);
  const answer = last ? `, last: ${answerOf(last)}` : "";
  const isHoldingUp = !isBroken && attempts > 0 && delivery.lane !== null;
  return {
    text: `pending: ${next} at ${timeOf(at, about)} (${formatWait(at, now)})${answer}`,
    notes: [
      ...(isBroken ? [breakerNote(state, breaker.failures)] : []),
      ...(isHoldingUp ? [`Later events of the document wait for it; ${skipAdvice(delivery)}.`] : []),
      ...notesOn(destination, last),
    ],
  };
}

function breakerNote(state: DestinationState, failures: number): string {
  return `${nameFailing(state)} failed ${failures} times in a row: until it answers again, only probes are sent.`;
}

function explainAdvice({ id }: Delivery): string {
  return `\`countersign explain ${id}\` tells more`;
}

function skipAdvice({ id }: Delivery): string {
  return `\`countersign skip ${id}\` gives it up, so that the next goes`;
}

/** What the last attempt asks a person to do. */
function notesOn(destination: string, last: Attempt | undefined): string[] {
  if (!last) return [];
  const advice = adviseOn(destination, last);
  if (last.cause === "blocked")
    return [`${destination} has an address that is never connected to, or that its \`network\` refuses.`];
  return advice === null ? [] : [advice];
}

/** `503 “busy”`, `no answer (timeout)`, `200, cut short (reset)`. */
function answerOf(attempt: Attempt): string {
  const { cause, status } = attempt;
  const words = textIn(attempt)?.trim();
  const quote = words ? ` “${shorten(words, MAX_ANSWER_LENGTH)}”` : "";
  if (cause === "answered") return `${status}${quote}`;
  if (cause === "token") return `not sent (token)${quote}`;
  return status === null ? `no answer (${cause})${quote}` : `${status}, cut short (${cause})${quote}`;
}

function endOf({ startedAt, duration }: Attempt): number {
  return startedAt + duration;
}

function timeOf(at: number, { receivedAt }: About): string {
  return formatMomentBeside(at, receivedAt);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
