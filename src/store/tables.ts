import { z } from "zod";
import type { ChannelKey } from "../domain/coalesce.ts";
import {
  ATTEMPT_CAUSES,
  type Attempt,
  DELIVERY_STATUSES,
  type Delivery,
  PARK_REASONS,
} from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import { EVENT_TYPES, Event } from "../domain/event.ts";
import { gapsOf } from "../domain/gaps.ts";
import type { KeptParityReport, ParityException } from "../domain/parity.ts";
import type { Rejection } from "../domain/receipt.ts";
import {
  DELIVERY_OUTCOMES,
  HOUR_MS,
  LATENCY_BUCKETS,
  REQUEST_OUTCOMES,
  type Tally,
} from "../domain/tally.ts";
import { Traceparent } from "../domain/traceparent.ts";
import {
  absentable,
  bytes,
  count,
  group,
  integer,
  json,
  jsonUnlessEmpty,
  milliseconds,
  nullable,
  oneOf,
  optional,
  ordinal,
  type Part,
  text,
} from "./columns.ts";
import { type Child, copy, type Description, type Key } from "./description.ts";
import type { AuditEntry, DestinationState } from "./port/control.ts";
import type { Note } from "./port/notes.ts";
import type { KeptParitySummary } from "./port/parity.ts";
import type { Lease } from "./port/queue.ts";
import type { Duplicate, ReceiptSummary } from "./port/reads.ts";
import type { Prunable } from "./port/retention.ts";
import type { Rows, Table } from "./rows.ts";
import {
  breaker,
  details,
  document,
  eventId,
  noted,
  origin,
  pause,
  problem,
  shown,
  strings,
} from "./shapes.ts";

/**
 * Every table of the schema, once: which columns it has, what they hold, what tells its rows apart. Row
 * schemas, column lists, restore and counts of both databases come from here; indexes and constraints are in
 * their migrations. A new column is a property of the domain type, a line here, and a migration in each
 * database.
 */

/** The columns that change when a receipt is amended. */
const amended = {
  mapping: text("mapping"),
  problems: jsonUnlessEmpty("problems", z.array(problem)),
  events: json("events", z.array(eventId)),
  duplicates: json("duplicates", z.array(eventId)),
  shadow: optional(json("shadow", z.array(eventId))),
};
export const AMENDMENT = group<Pick<ReceiptSummary, keyof typeof amended>>(amended);

export const RECEIPT = group<ReceiptSummary>({
  id: text("id"),
  source: text("source"),
  channel: text("channel"),
  receivedAt: milliseconds("received_at"),
  query: text("query"),
  headers: json("headers", strings),
  size: count("size", { computedInPostgres: "length(body)" }),
  verified: text("verified"),
  ...amended,
});

export const REJECTION = group<Omit<Rejection, "body">>({
  id: text("id"),
  source: text("source"),
  channel: text("channel"),
  receivedAt: milliseconds("received_at"),
  query: text("query"),
  headers: json("headers", strings),
  reason: text("reason"),
  shown: json("shown", shown),
});

export const DOCUMENT: Part<Document> = json("state", document);

export const EVENT: Part<Event> = json("body", Event);

const TRACEPARENT: Part<string | undefined> = absentable(text("traceparent", Traceparent));

/** What a lease shows of its event. */
export const LEASED_EVENT = group<Pick<Lease, "event" | "traceparent">>({
  event: EVENT,
  traceparent: TRACEPARENT,
});

export const CHANNEL_KEY = group<ChannelKey>({
  key: text("key"),
  channel: text("channel"),
  at: milliseconds("at"),
  origin: nullable(json("origin", origin)),
});

export const DUPLICATE = group<Duplicate>({
  receipt: text("receipt_id"),
  channel: text("channel"),
  at: milliseconds("received_at"),
});

/** `deliveryId` in SQL: an index of its own would cost more than all the rest of a delivery. */
const DELIVERY_ID = "'dlv_' || substr(event_id, 5) || '_' || destination";

export const DELIVERY = group<Delivery>({
  id: text("id", undefined, { computed: DELIVERY_ID }),
  event: text("event_id", eventId),
  destination: text("destination"),
  lane: nullable(text("lane")),
  status: oneOf("status", DELIVERY_STATUSES),
  reason: nullable(oneOf("reason", PARK_REASONS)),
  attempts: count("attempts"),
  dueAt: nullable(milliseconds("due_at")),
  replayedAfter: nullable(count("replayed_after")),
});

export const ATTEMPT = group<Attempt>({
  number: ordinal("number"),
  startedAt: milliseconds("started_at"),
  duration: milliseconds("duration"),
  cause: oneOf("cause", ATTEMPT_CAUSES),
  status: nullable(integer("status")),
  answer: nullable(text("answer")),
  retryAfter: nullable(milliseconds("retry_after", z.number())),
});

export const DESTINATION = group<DestinationState>({
  name: text("name"),
  paused: nullable(json("paused", pause)),
  breaker: nullable(json("breaker", breaker)),
});

export const AUDIT_ENTRY = group<AuditEntry>({
  at: milliseconds("at"),
  action: text("action"),
  caller: text("caller"),
  reason: text("reason"),
  details: json("details", details),
});

export const TALLY = group<Tally>({
  hour: milliseconds("hour", z.int().nonnegative().multipleOf(HOUR_MS)),
  source: text("source"),
  channel: text("channel"),
  destination: text("destination"),
  outcome: oneOf("outcome", [...REQUEST_OUTCOMES, ...DELIVERY_OUTCOMES]),
  bucket: integer("bucket", z.int().min(0).max(LATENCY_BUCKETS)),
  count: ordinal("count"),
  newest: milliseconds("newest"),
});
/** Of which no two tallies have the same values. */
export const TALLY_KEY = ["hour", "source", "channel", "destination", "outcome", "bucket"] as const;

export const NOTE = group<Note>({
  kind: text("kind"),
  key: text("key"),
  version: ordinal("version"),
  value: json("value", noted),
});

const summary = {
  id: text("id"),
  at: milliseconds("at"),
  source: text("source"),
  result: oneOf("result", ["passed", "failed", "not_evaluated"]),
  unexplained: count("unexplained"),
};
export const PROOF_SUMMARY = group<KeptParitySummary>(summary);
export const PROOF = group<KeptParityReport>({
  ...summary,
  report: json("report", z.record(z.string(), z.unknown())),
});

export const EXCEPTION = group<ParityException>({
  id: text("id"),
  at: milliseconds("at"),
  by: text("accepted_by"),
  reason: text("reason"),
  source: text("source"),
  finding: nullable(text("finding")),
  type: nullable(oneOf("type", EVENT_TYPES)),
  missing: nullable(oneOf("missing", ["old", "new"])),
});

const id: Key = { columns: ["id"] };
const dedupeKeys: Child<string> = {
  table: "dedupe_keys",
  parent: "event_id",
  of: "id",
  item: text("key"),
  order: ["key"],
};
const channelKeys: Child<ChannelKey> = {
  table: "channel_keys",
  parent: "event_id",
  of: "id",
  item: CHANNEL_KEY,
  order: ["key", "channel"],
};
const duplicates: Child<Duplicate> = {
  table: "duplicates",
  parent: "event_id",
  of: "id",
  item: DUPLICATE,
  order: ["received_at", "receipt_id"],
};
const history: Child<Attempt> = {
  table: "attempts",
  parent: "delivery",
  of: "position",
  item: ATTEMPT,
  order: ["number"],
};

/** Of a lane one delivery is pending. */
const pendingOfLane: Key = {
  columns: ["destination", "lane"],
  where: {
    sql: "status = 'pending' and lane is not null",
    holds: ({ status, lane }) => status === "pending" && lane !== null,
  },
  postgres: true,
};

export const SCHEMA: { readonly [T in Table]: Description<Rows[T]> } = {
  receipts: {
    own: group({ receipt: RECEIPT, body: bytes("body", { apartInSqlite: "bodies" }) }),
    order: ["position"],
    keys: [id],
    children: {},
  },
  rejections: {
    own: group({ rejection: REJECTION, body: nullable(bytes("body")) }),
    order: ["position"],
    keys: [id],
    children: {},
  },
  documents: {
    own: group({ document: DOCUMENT, changedAt: milliseconds("changed_at") }),
    copies: [
      copy("source", "text", (row) => row.document.source),
      copy("id", "text", (row) => row.document.id),
      copy("status", "text", (row) => row.document.status),
      copy("gaps", "text", (row) => gapsOf(row.document)),
    ],
    order: ["position"],
    keys: [{ columns: ["source", "id"] }],
    children: {},
  },
  links: {
    own: group({ source: text("source"), signer: text("signer_id"), document: text("document_id") }),
    order: ["source", "signer_id"],
    keys: [],
    children: {},
  },
  events: {
    own: group({
      event: EVENT,
      coalesceKey: nullable(text("coalesce_key")),
      at: milliseconds("happened_at"),
      traceparent: TRACEPARENT,
    }),
    copies: [
      copy("id", "text", (row) => row.event.id),
      copy("source", "text", (row) => row.event.source),
      copy("channel", "text", (row) => row.event.channel),
      copy("type", "text", (row) => row.event.type),
      copy("document_id", "text", (row) => row.event.document?.id ?? null),
      copy("receipt_id", "text", (row) => row.event.provenance.receipt),
      copy("recorded_at", "bigint", (row) => Date.parse(row.event.recordedAt)),
    ],
    order: ["position"],
    keys: [id],
    children: { dedupeKeys, channelKeys, duplicates },
  },
  tombstones: {
    own: group({ id: text("id", eventId), recordedAt: milliseconds("recorded_at") }),
    order: ["position"],
    keys: [id],
    children: { dedupeKeys, channelKeys },
  },
  deliveries: {
    own: group({
      delivery: DELIVERY,
      token: nullable(text("token")),
      recordedAt: milliseconds("recorded_at"),
      acknowledgedAt: optional(milliseconds("acknowledged_at")),
      batch: optional(text("batch")),
    }),
    order: ["position"],
    keys: [{ columns: ["recorded_at", "event_id", "destination"] }, pendingOfLane],
    children: { history },
  },
  destinations: {
    own: group({ state: DESTINATION }),
    order: ["name"],
    keys: [],
    children: {},
  },
  audit: {
    own: group({ entry: AUDIT_ENTRY }),
    order: ["position"],
    keys: [],
    children: {},
  },
  tallies: {
    own: TALLY,
    order: TALLY_KEY,
    keys: [],
    children: {},
  },
  notes: {
    own: NOTE,
    order: ["kind", "key"],
    keys: [],
    children: {},
  },
  proofs: {
    own: group({ proof: PROOF }),
    order: ["position"],
    keys: [id],
    children: {},
  },
  exceptions: {
    own: group({ exception: EXCEPTION }),
    order: ["position"],
    keys: [id],
    children: {},
  },
};

/** Tables whose rows have a position, which a step of pruning goes by. */
export type PrunedByPosition = Exclude<Prunable, "tallies">;

/** The column that a table is pruned by, and whether the oldest row always comes first. */
export const AGE: Readonly<Record<PrunedByPosition, { column: string; ordered: boolean }>> = {
  receipts: { column: "received_at", ordered: true },
  rejections: { column: "received_at", ordered: true },
  events: { column: "recorded_at", ordered: true },
  attempts: { column: "started_at", ordered: true },
  documents: { column: "changed_at", ordered: false },
  audit: { column: "at", ordered: true },
  tombstones: { column: "recorded_at", ordered: true },
  proofs: { column: "at", ordered: true },
};
