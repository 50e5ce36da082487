import type { ChannelKey, CoalesceCandidate } from "../domain/coalesce.ts";
import type { Attempt, AttemptCause, Delivery, DeliveryStatus, ParkReason } from "../domain/delivery.ts";
import type { Document } from "../domain/document.ts";
import type { Event } from "../domain/event.ts";
import type { Rejection } from "../domain/receipt.ts";
import type { AuditEntry, DestinationState } from "./port/control.ts";
import type { RejectionSummary } from "./port/inbox.ts";
import type { Backlog, Duplicate, ReceiptSummary } from "./port/reads.ts";

/** The rows of the schema (migrations/*.sql) as a database driver hands them out, and what they mean. */

export interface ReceiptRow {
  id: string;
  source: string;
  channel: string;
  received_at: number;
  query: string;
  headers: string;
  body: Uint8Array;
  size: number;
  verified: string;
  mapping: string;
  problems: string | null;
  events: string;
  duplicates: string;
}

export interface ListedReceiptRow extends Omit<ReceiptRow, "body"> {
  position: number;
}

export interface EventRow {
  position: number;
  body: string;
}

export interface CandidateRow {
  id: string;
  happened_at: number;
  channel: string;
  /** JSON array: which channels told it, and under which keys, beside the one that told it first. */
  reports: string;
}

export interface ChannelKeyRow {
  event_id: string;
  key: string;
  channel: string;
  at: number;
  /** JSON: domain/coalesce.ts. */
  origin: string | null;
}

export interface DocumentRow {
  position: number;
  state: string;
}

export interface DeliveryRow {
  id: string;
  event_id: string;
  destination: string;
  lane: string | null;
  status: DeliveryStatus;
  reason: ParkReason | null;
  attempts: number;
  due_at: number | null;
  replayed_after: number | null;
}

export interface ListedDeliveryRow extends DeliveryRow {
  position: number;
}

export interface AttemptRow {
  number: number;
  started_at: number;
  duration: number;
  cause: AttemptCause;
  status: number | null;
  answer: string | null;
  retry_after: number | null;
}

export interface DuplicateRow {
  receipt_id: string;
  channel: string;
  received_at: number;
}

export interface RejectionRow {
  position: number;
  id: string;
  source: string;
  channel: string;
  received_at: number;
  query: string;
  headers: string;
  body: Uint8Array | null;
  reason: string;
  shown: string;
}

export interface ListedRejectionRow extends Omit<RejectionRow, "body"> {
  size: number | null;
}

export interface DestinationRow {
  name: string;
  paused: string | null;
  breaker: string | null;
}

export interface AuditRow {
  position: number;
  at: number;
  action: string;
  caller: string;
  reason: string;
  details: string;
}

export interface BacklogRow {
  destination: string;
  open: number;
  oldest: number | null;
}

export function toEvent(row: { body: string }): Event {
  return JSON.parse(row.body);
}

export function toCandidate({ id, happened_at: at, channel, reports }: CandidateRow): CoalesceCandidate {
  return { id, at, reports: [{ key: id, channel, at, origin: null }, ...JSON.parse(reports)] };
}

export function toChannelKey({ key, channel, at, origin }: ChannelKeyRow): ChannelKey {
  return { key, channel, at, origin: origin === null ? null : JSON.parse(origin) };
}

export function toDocument(row: { state: string }): Document {
  return JSON.parse(row.state);
}

export function toReceipt(row: Omit<ReceiptRow, "body">): ReceiptSummary {
  return {
    id: row.id,
    source: row.source,
    channel: row.channel,
    receivedAt: row.received_at,
    query: row.query,
    headers: JSON.parse(row.headers),
    size: row.size,
    verified: row.verified,
    mapping: row.mapping,
    problems: row.problems === null ? [] : JSON.parse(row.problems),
    events: JSON.parse(row.events),
    duplicates: JSON.parse(row.duplicates),
  };
}

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    event: row.event_id,
    destination: row.destination,
    lane: row.lane,
    status: row.status,
    reason: row.reason,
    attempts: row.attempts,
    dueAt: row.due_at,
    replayedAfter: row.replayed_after,
  };
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    number: row.number,
    startedAt: row.started_at,
    duration: row.duration,
    cause: row.cause,
    status: row.status,
    answer: row.answer,
    retryAfter: row.retry_after,
  };
}

export function toDuplicate(row: DuplicateRow): Duplicate {
  return { receipt: row.receipt_id, channel: row.channel, at: row.received_at };
}

export function toRejection(row: RejectionRow): Rejection {
  return { ...toRefused(row), body: row.body };
}

export function toRejectionSummary(row: ListedRejectionRow): RejectionSummary {
  return { ...toRefused(row), size: row.size };
}

function toRefused(row: Omit<RejectionRow, "body">): Omit<Rejection, "body"> {
  const { id, source, channel, received_at: receivedAt, query, headers, reason, shown } = row;
  return {
    id,
    source,
    channel,
    receivedAt,
    query,
    headers: JSON.parse(headers),
    reason,
    shown: JSON.parse(shown),
  };
}

export function toDestination({ name, paused, breaker }: DestinationRow): DestinationState {
  return {
    name,
    paused: paused === null ? null : JSON.parse(paused),
    breaker: breaker === null ? null : JSON.parse(breaker),
  };
}

export function toAudit({ at, action, caller, reason, details }: AuditRow): AuditEntry {
  return { at, action, caller, reason, details: JSON.parse(details) };
}

export function toBacklog(row: BacklogRow): Backlog {
  return { destination: row.destination, open: row.open, oldest: row.oldest };
}
