import type { ParkReason } from "../domain/delivery.ts";
import type { KindDefinition } from "./kinds.ts";

const WAITING = "countersign deliveries --destination {destination} --status pending";

/** Concerns about what destinations get. */
export const DELIVERY_KINDS = {
  parked: {
    severity: "critical",
    otherwise: { severity: "notice", when: "an operator skipped them" },
    sentence: "Parked for {destination} since {since}, the last at {last}: {deliveries}. {why}.",
    advice: "{advice}",
    command: "countersign deliveries --destination {destination} --status parked --reason {reason}",
    ends: "a replay that delivers them, an acknowledgement, or the end of their retention",
    named: "at once",
  },
  breaker_open: {
    severity: "critical",
    sentence:
      "{what} has failed since {since}, for {length}: {failures} in a row, and {waiting} for it. Only probes are sent.",
    advice: "{advice}",
    command: WAITING,
    ends: "an answer to a probe",
    named: "an hour after the circuit breaker opened",
  },
  paused: {
    severity: "warning",
    otherwise: { severity: "notice", when: "nothing waits" },
    sentence: "{destination} is paused since {since}, for {length} ({reason}), and {waiting} for it.",
    advice: "{advice}",
    command: "{command}",
    ends: "the end of the pause",
    named: "an hour after the pause began",
  },
  waiting: {
    severity: "warning",
    sentence:
      "The oldest delivery to {destination} waits since {since}, for {length}; allowed are {limit}. In all, {waiting} for it.",
    advice:
      "`countersign explain` with the id of the oldest says what it waits for. If its destination is slow, set another `rate` or `concurrency`; if only one event is refused, `countersign skip` lets the later ones of its document go.",
    command: WAITING,
    ends: "the delivery of all that is older than `waitingLimit`",
    named:
      "as soon as a delivery has waited for `waitingLimit`; while the breaker or a pause is named, that stands for it",
  },
  event_type_refused: {
    severity: "warning",
    sentence:
      "{destination} takes other events, but has never taken one of {type}: {attempts} since {since}, the last at {last}, none answered with 2xx.",
    advice:
      "Look at what it answers, and correct the receiver; or leave the type out of its `events`. `parkOn` parks what no repetition changes.",
    command: WAITING,
    ends: "a 2xx for an event of that type, or a reload that leaves the type out",
    named: "after 5 attempts, an hour after the first",
  },
} as const satisfies Record<string, KindDefinition>;

/** What a reason of parking means, and what can be done. */
export const PARKED: Readonly<Record<ParkReason, { why: string; advice: string }>> = {
  schedule_exhausted: {
    why: "Every attempt of the schedule failed",
    advice: "Restore the destination, then `countersign replay` sends them.",
  },
  rejected: {
    why: "The destination answered with a status that its `parkOn` names",
    advice: "Correct what the receiver does not accept, then `countersign replay` sends them.",
  },
  gone: {
    why: "The destination answered 410 Gone, and was paused",
    advice:
      "If that was meant, remove the destination; otherwise `countersign resume`, then `countersign replay`.",
  },
  unsupported_by_format: {
    why: "The destination's format cannot express these events, so nothing was sent",
    advice: "Choose another `format` and run `countersign reload`, then `countersign replay` sends them.",
  },
  destination_removed: {
    why: "The destination is not configured any more",
    advice: "`countersign replay` sends them once there is a destination of that name again.",
  },
  skipped: {
    why: "An operator skipped them",
    advice: "`countersign replay` sends them, if they are wanted after all.",
  },
};
