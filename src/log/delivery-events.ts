import type { LogEvent } from "./event.ts";

const DELIVERY = ["destination", "deliveryId", "eventId", "type"] as const;
const ATTEMPT = [
  ...DELIVERY,
  "attempt",
  "replayed",
  "probe",
  "cause",
  "status",
  "durationMs",
  "failures",
  "trace_id",
  "span_id",
] as const;

/** Attempts to deliver, one line for each, and the state of destinations. */
export const DELIVERY_EVENTS = {
  "delivery.delivered": {
    level: "info",
    message: "event delivered",
    fields: ATTEMPT,
    meaning: "The destination answered with 2xx.",
    action: "Nothing.",
  },
  "delivery.failed": {
    level: "warn",
    message: "attempt failed; retry scheduled",
    fields: [...ATTEMPT, "retryAfterMs", "nextAttemptAt"],
    meaning: "The destination did not answer with 2xx. The delivery is attempted again at `nextAttemptAt`.",
    action: "Nothing for a while. If it persists, `countersign explain` with the `deliveryId` says more.",
  },
  "delivery.parked": {
    level: "error",
    message: "attempt failed; delivery parked",
    fields: [...ATTEMPT, "reason"],
    meaning:
      "The delivery is not attempted again: its schedule is exhausted, or the destination's answer is " +
      "final (`reason`).",
    action: "Fix the destination, then `countersign replay --destination` with its name.",
  },
  "delivery.unsupported": {
    level: "error",
    message: "event not supported by the destination's format; delivery parked",
    fields: [...DELIVERY, "reason", "detail"],
    meaning: "The destination's `format` cannot express the event. Nothing was sent.",
    action: "Choose another `format`, or exclude the type from `events`; `countersign reload`, then replay.",
  },
  "delivery.skipped": {
    level: "warn",
    message: "delivery skipped by an operator and parked",
    fields: ["destination", "deliveryId", "eventId"],
    meaning: "An operator gave the delivery up, so that later ones of its document are sent.",
    action: "Nothing. `countersign replay` sends it after all.",
  },
  "lease.expired": {
    level: "warn",
    message: "lease expired before the result was stored",
    fields: ["destination", "deliveryId"],
    meaning: "The attempt outlasted its lease, and the delivery is attempted again: it may arrive twice.",
    action:
      "Single lines are harmless. If they persist, look for a slow store, a process that was frozen, or " +
      "clocks that jump.",
  },
  "result.unconfirmed": {
    level: "warn",
    message: "result of an attempt may not be stored",
    fields: ["destination", "deliveryId"],
    meaning:
      "The store failed while the result was stored and no longer knows the lease: either the result is " +
      "stored, or the delivery is attempted again.",
    action: "Nothing. `countersign explain` with the `deliveryId` shows which.",
  },
  "breaker.opened": {
    level: "error",
    message: "circuit breaker opened",
    fields: ["destination", "failures", "failing", "probeAt"],
    meaning: "Consecutive attempts failed. Only probes are sent until the receiver answers one.",
    action:
      "Restore what is `failing`: the destination, or the token endpoint of its `auth.oauth2`. If it stays " +
      "away, `countersign pause` spares it the probes.",
  },
  "breaker.closed": {
    level: "info",
    message: "circuit breaker closed",
    fields: ["destination", "failures"],
    meaning: "The destination answered again after `failures` failures. Waiting deliveries are sent.",
    action: "Nothing.",
  },
  "destination.paused": {
    level: "warn",
    message: "destination paused",
    fields: ["destination", "reason"],
    meaning:
      "Nothing is sent until an operator resumes the destination: an operator paused it, or it answered 410.",
    action: "`countersign resume` when the reason is gone. After a 410 replay the parked delivery as well.",
  },
  "destination.resumed": {
    level: "info",
    message: "destination resumed",
    fields: ["destination"],
    meaning: "An operator resumed the destination.",
    action: "Nothing.",
  },
  "deliveries.brought_forward": {
    level: "warn",
    message: "clock was set back; waiting deliveries are due now",
    fields: ["destination", "deliveries"],
    meaning: "Due times came from a clock that was ahead, and would have delayed the deliveries.",
    action: "Check the machine's time synchronisation.",
  },
  "claim.failed": {
    level: "error",
    message: "deliveries could not be leased; retry scheduled",
    fields: ["destination", "failures", "retryInMs", "reason"],
    meaning: "The store is unavailable. Nothing new is sent until it answers.",
    action: "Restore the store. Nothing else needs to be done afterwards.",
  },
  "settle.failed": {
    level: "error",
    message: "result of an attempt could not be stored; retry scheduled",
    fields: ["destination", "deliveryId", "failures", "reason"],
    meaning:
      "The store is unavailable. The result is kept in memory until it is stored or the process stops.",
    action: "Restore the store before the process is restarted, or the delivery is sent a second time.",
  },
  "state.unsaved": {
    level: "error",
    message: "state of a destination could not be stored; retry scheduled",
    fields: ["destination", "failures", "reason"],
    meaning: "The store is unavailable. A pause or a circuit breaker holds in this process only.",
    action: "Restore the store before the process is restarted.",
  },
  "release.failed": {
    level: "warn",
    message: "leases could not be released at the stop; they expire by themselves",
    fields: ["destination", "leases", "reason"],
    meaning: "The store was unavailable during the stop. The deliveries are attempted when their leases end.",
    action: "Nothing.",
  },
  "worker.died": {
    level: "fatal",
    message: "destination worker died; the process ends",
    fields: ["destination", "err"],
    meaning: "An unexpected error ended a destination's worker. The process stops and exits with 1.",
    action: "The service manager should restart it. Report the defect with `err`.",
  },
} as const satisfies Record<string, LogEvent>;
