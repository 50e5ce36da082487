import type { Attempt, AttemptCause, ParkReason } from "../../domain/delivery.ts";
import { wants } from "../../domain/destination.ts";
import type { Event } from "../../domain/event.ts";
import { textIn } from "../../domain/redirect.ts";
import type { Destination } from "../../outbound/destination.ts";
import type { AttemptedDelivery, EventHistory } from "../../store/port/reads.ts";
import { type Content, html } from "../html.ts";
import type { Visit } from "../screen.ts";
import { status } from "./status.ts";
import { foreign } from "./text.ts";
import { when } from "./time.ts";

/** How a delivery stands, in few words. */

const WHY: Readonly<Record<ParkReason, string>> = {
  schedule_exhausted: "schedule exhausted",
  gone: "410 Gone",
  rejected: "rejected",
  unsupported_by_format: "its format has no words for it",
  skipped: "skipped",
  destination_removed: "not configured any more",
};

export function whyParked(reason: ParkReason): string {
  return WHY[reason];
}

const CAUSES: Readonly<Record<AttemptCause, string>> = {
  answered: "answered, not with 2xx",
  unencodable: "cannot be encoded",
  timeout: "no answer in time",
  dns: "host name not found",
  refused: "connection refused",
  reset: "connection cut",
  tls: "TLS failed",
  blocked: "address not allowed",
  proxy: "proxy failed",
  token: "no access token",
  interrupted: "interrupted by a stop",
  other: "another failure",
};

/** Why the last attempt failed; null: there was none. */
export function causeInWords(cause: AttemptCause | null): string {
  return cause === null ? "not attempted" : CAUSES[cause];
}

/** A cell of the matrix: `✓ delivered`, `… next try in 4 min`, `! parked: …`, `– not wanted`. */
export function deliveryCell(
  { event, deliveries }: EventHistory,
  destination: string,
  visit: Visit,
): Content {
  const delivery = deliveries.find((one) => one.destination === destination);
  if (delivery) return deliveryState(delivery, visit);
  const configured = visit.parts.config().destinations.find(({ name }) => name === destination);
  if (!configured) return status("quiet", "not sent");
  return status("quiet", NOT_SENT[whyNotWanted(configured, event) ?? "later"].short);
}

/** Why an event was not sent to a destination, for a cell and for a sentence. */
export const NOT_SENT = {
  type: { short: "not its type", long: "not wanted: its type is not in `events` of the destination" },
  filter: { short: "filtered out", long: "not wanted: the `filter` of the destination leaves it out" },
  format: { short: "not in its format", long: "not wanted: the destination's `format` has no words for it" },
  later: {
    short: "not wanted then",
    long: "the destination wants it now, and did not when the event was recorded",
  },
} as const;

/** What in the configuration in force keeps an event from a destination; null: nothing does. */
export function whyNotWanted(
  { events, filter, supports }: Destination,
  event: Event,
): "type" | "filter" | "format" | null {
  if (!wants({ events }, event)) return "type";
  if (!wants({ events, filter }, event)) return "filter";
  return wants({ events, filter, supports }, event) ? null : "format";
}

export function deliveryState(delivery: AttemptedDelivery, { now, parts }: Visit): Content {
  const { status: one, reason, history, dueAt, destination, replayedAfter } = delivery;
  const last = history.at(-1);
  const again = replayedAfter === null ? null : html` <span class="note">sent again</span>`;
  if (one === "delivered")
    return html`${status("good", html`delivered${last && html` ${when(last.startedAt + last.duration, now)}`}`)}${again}`;
  if (one === "parked")
    return html`${status("bad", html`parked: ${reason === null ? "" : WHY[reason]}`)}${answer(last)}${again}`;
  const { paused, breaker } = parts.states().find(({ name }) => name === destination) ?? {};
  if (paused) return status("waiting", html`waits: ${destination} is paused`);
  if (one === "held") return status("waiting", "held behind another");
  if (delivery.leased && dueAt !== null && dueAt > now) return status("busy", "is being sent");
  if (breaker?.probeAt != null)
    return html`${status("waiting", html`waits for a probe ${when(breaker.probeAt, now)}`)}${answer(last)}`;
  const next = dueAt === null || dueAt <= now ? "due now" : html`next try ${when(dueAt, now)}`;
  return html`${status("busy", next)}${answer(last)}`;
}

const MAX_WORDS = 60;

/** What the last attempt got, such as `503 “busy”`. */
export function answer(attempt: Attempt | undefined): Content {
  if (!attempt) return null;
  const { cause, status: code } = attempt;
  const words = textIn(attempt)?.trim();
  const said =
    cause === "answered"
      ? `${code}`
      : code === null
        ? `no answer (${cause})`
        : `${code}, cut short (${cause})`;
  return html` <span class="note">last: ${said}${words && html` “${foreign(words, MAX_WORDS)}”`}</span>`;
}
