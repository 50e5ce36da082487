/**
 * Every field of a log line beside `event`, with its kind and its meaning: `npm run schemas` writes
 * docs/logs.md from it.
 */

interface LogField {
  kind: keyof Kinds;
  meaning: string;
}

/** Absent values (`undefined`) are left out of the line. */
interface Kinds {
  text: string | null | undefined;
  number: number | null | undefined;
  boolean: boolean;
  /** Counts by name. */
  counts: Readonly<Record<string, number>>;
  /** Whatever was thrown; the line has its type, message and stack. */
  error: unknown;
}

export const LOG_FIELDS = {
  source: { kind: "text", meaning: "Name of the source." },
  channel: { kind: "text", meaning: "Name of the source's channel." },
  outcome: {
    kind: "text",
    meaning: "Outcome of a request, as in the metric `countersign_ingress_requests_total`.",
  },
  destination: { kind: "text", meaning: "Name of the destination." },
  receiptId: { kind: "text", meaning: "Id of the stored request, `rcp_…`." },
  deliveryId: { kind: "text", meaning: "Id of the delivery, `dlv_…`." },
  eventId: { kind: "text", meaning: "Id of the forwarded event, `evt_…`; the receiver's `webhook-id`." },
  type: { kind: "text", meaning: "Type of the forwarded event." },
  attempt: { kind: "number", meaning: "Number of the attempt at the delivery, from 1." },
  replayed: { kind: "boolean", meaning: "Whether an operator replayed the delivery." },
  probe: { kind: "boolean", meaning: "Whether the attempt was a probe through an open circuit breaker." },
  cause: {
    kind: "text",
    meaning: "`answered` for a whole answer, otherwise the kind of failure, such as `timeout` or `tls`.",
  },
  status: { kind: "number", meaning: "HTTP status of the answer; null without an answer." },
  failures: { kind: "number", meaning: "Consecutive failures, including this one." },
  failing: {
    kind: "text",
    meaning: "`token_endpoint` where no access token could be had; absent: the destination failed.",
  },
  durationMs: { kind: "number", meaning: "Duration in milliseconds." },
  retryAfterMs: {
    kind: "number",
    meaning: "Delay that the receiver asked for with `Retry-After`, in milliseconds; null: none.",
  },
  retryInMs: { kind: "number", meaning: "Delay until the store is asked again, in milliseconds." },
  nextAttemptAt: { kind: "text", meaning: "Time of the next attempt, ISO 8601." },
  probeAt: { kind: "text", meaning: "Time of the next probe, ISO 8601; null: at once." },
  concern: { kind: "text", meaning: "Id of the concern, as `countersign status` shows it." },
  severity: { kind: "text", meaning: "Of the concern: critical, warning or notice." },
  reason: { kind: "text", meaning: "Reason in a word or a sentence." },
  detail: { kind: "text", meaning: "More about the reason, in a sentence." },
  events: { kind: "number", meaning: "Count of new events." },
  duplicates: { kind: "number", meaning: "Count of reports of events that were recorded before." },
  problems: { kind: "number", meaning: "Count of parts of the request that could not be read." },
  requests: { kind: "number", meaning: "Count of requests." },
  deliveries: { kind: "number", meaning: "Count of deliveries." },
  leases: { kind: "number", meaning: "Count of leases." },
  channels: { kind: "number", meaning: "Count of configured channels." },
  destinations: { kind: "number", meaning: "Count of configured destinations." },
  spans: { kind: "number", meaning: "Count of spans." },
  pruned: { kind: "counts", meaning: "Count of removed rows, by table." },
  version: { kind: "text", meaning: "Version of Countersign." },
  url: { kind: "text", meaning: "Address of the listener for providers." },
  adminUrl: { kind: "text", meaning: "Address of the admin listener." },
  trace_id: {
    kind: "text",
    meaning: "Id of the trace that the request or the attempt belongs to; absent while nothing is traced.",
  },
  span_id: { kind: "text", meaning: "Id of its span." },
  err: { kind: "error", meaning: "The error with its type, message and stack." },
} as const satisfies Record<string, LogField>;

export type LogFieldName = keyof typeof LOG_FIELDS;

/** The values that a line with these fields needs. */
export type LogFieldValues<Names extends LogFieldName> = {
  [Name in Names]: Kinds[(typeof LOG_FIELDS)[Name]["kind"]];
};
