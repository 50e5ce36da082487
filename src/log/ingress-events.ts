import type { LogEvent } from "./event.ts";

const REQUEST = ["source", "channel", "outcome", "durationMs", "trace_id", "span_id"] as const;
const RECORDED = [...REQUEST, "receiptId", "events", "duplicates", "problems"] as const;

/** Requests of providers: one line for each. */
export const INGRESS_EVENTS = {
  "request.recorded": {
    level: "info",
    message: "request recorded",
    fields: RECORDED,
    meaning: "A genuine request was stored with its events, and answered with 200.",
    action: "Nothing.",
  },
  "request.partly_read": {
    level: "warn",
    message: "request recorded, but not all of it could be read",
    fields: [...RECORDED, "reason"],
    meaning:
      "A genuine request was stored, but parts of it do not fit the mapping. Events of the other parts " +
      "are forwarded.",
    action:
      "See `countersign explain` with the `receiptId`. Correct the mapping, `countersign reload`, then " +
      "`countersign reprocess`.",
  },
  "request.refused": {
    level: "warn",
    message: "request refused",
    fields: [...REQUEST, "reason"],
    meaning: "A request was answered with an error; `outcome` is the code and `reason` the failed check.",
    action:
      "Strangers cause single ones. If a provider's requests are refused, compare secret or token with " +
      "the provider's settings, " +
      "`countersign reload`, then `countersign reprocess --rejected`.",
  },
  "request.failed": {
    level: "error",
    message: "request not recorded; the sender was asked to repeat it",
    fields: [...REQUEST, "reason", "err"],
    meaning: "The store was unavailable or an unexpected error occurred. The request was answered with 5xx.",
    action:
      "With `outcome` `store_unavailable` restore the database or make room on its disk; providers repeat " +
      "their requests. " +
      "Any other outcome is a defect: report it with `err`.",
  },
  "challenge.answered": {
    level: "info",
    message: "challenge answered",
    fields: REQUEST,
    meaning: "A provider asked whether the address is yours, and was answered. Nothing is stored.",
    action: "Nothing.",
  },
  "rejections.dropped": {
    level: "warn",
    message: "refused requests answered, but not kept for reprocessing",
    fields: ["requests", "reason"],
    meaning:
      "Refused requests came faster than they can be stored (`reason` `queue_full`), or the store failed. " +
      "At most one line a minute.",
    action:
      "Look for their sender at the proxy in front. If a provider's own requests are among them, correct " +
      "its secret at once.",
  },
  "channel.unverified": {
    level: "warn",
    message: "channel accepts unsigned requests",
    fields: ["source", "channel"],
    meaning: "The configuration has `verify: none` for this channel.",
    action: "Configure a secret or a token, unless the network in front admits the provider alone.",
  },
} as const satisfies Record<string, LogEvent>;
