import { z } from "zod";
import type { Origin } from "../domain/coalesce.ts";
import { ATTEMPT_CAUSES, DELIVERY_STATUSES, PARK_REASONS } from "../domain/delivery.ts";
import { DOCUMENT_STATUSES, Event, Provenance, SIGNER_ROLES, SIGNER_STATUSES } from "../domain/event.ts";
import { FINAL_EVENTS } from "../domain/known-signer.ts";
import { PROBLEM_KINDS } from "../domain/receipt.ts";
import type { Rows, Table } from "../store/rows.ts";

/** What rows must be like that come from outside of any store. Strict: what is not known would be lost in silence. */

/** Milliseconds since 1970. */
const instant = z.int();
const count = z.int().nonnegative();
const position = z.int().positive();
const eventId = Event.shape.id;
const strings = z.record(z.string(), z.string());

/** Such a text is long, and a pattern with groups would be slow over it. */
const base64 = z
  .string()
  .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text), "is not base64");

const problem = z.strictObject({
  kind: z.enum(PROBLEM_KINDS),
  item: count.nullable(),
  field: z.string().nullable(),
  message: z.string(),
});

const receipt = z.strictObject({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: instant,
  query: z.string(),
  headers: strings,
  size: count,
  verified: z.string(),
  mapping: z.string(),
  problems: z.array(problem),
  events: z.array(eventId),
  duplicates: z.array(eventId),
});

const rejection = z.strictObject({
  id: z.string(),
  source: z.string(),
  channel: z.string(),
  receivedAt: instant,
  query: z.string(),
  headers: strings,
  reason: z.string(),
  shown: z.strictObject({
    token: z.string().nullable(),
    authorization: z.string().nullable(),
    places: z.record(z.string(), z.string()).optional(),
    cutFrom: count.optional(),
  }),
});

const signer = z.strictObject({
  id: z.string(),
  name: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(SIGNER_ROLES).nullable(),
  status: z.enum(SIGNER_STATUSES).nullable(),
  statusAt: instant,
  listed: z.boolean().nullable(),
  finalEvent: z.enum(FINAL_EVENTS).nullable(),
});

const document = z.strictObject({
  source: z.string(),
  id: z.string(),
  title: z.string().nullable(),
  status: z.enum(DOCUMENT_STATUSES).nullable(),
  statusAt: instant,
  downloadable: z.boolean(),
  tags: z.array(z.string()),
  references: strings,
  test: z.boolean().nullable(),
  expiresAt: instant.nullable(),
  reopenedAt: instant.nullable(),
  restartedAt: instant.nullable(),
  signers: z.array(signer),
  listedAt: instant.optional(),
  sequence: count,
  newest: instant,
});

const channelKey = z.strictObject({
  key: z.string(),
  channel: z.string(),
  at: instant,
  origin: z.custom<Origin>(isOrigin, "is not a report as it came").nullable(),
});

/** Whole, for it is what a mapping made of a post: nothing of it is chosen here. */
function isOrigin(value: unknown): boolean {
  return z.object({ draft: z.looseObject({ type: z.string() }), provenance: Provenance }).safeParse(value)
    .success;
}

const duplicate = z.strictObject({ receipt: z.string(), channel: z.string(), at: instant });

const delivery = z.strictObject({
  id: z.string(),
  event: eventId,
  destination: z.string(),
  lane: z.string().nullable(),
  status: z.enum(DELIVERY_STATUSES),
  reason: z.enum(PARK_REASONS).nullable(),
  attempts: count,
  dueAt: instant.nullable(),
  replayedAfter: count.nullable(),
});

const attempt = z.strictObject({
  number: position,
  startedAt: instant,
  duration: z.int(),
  cause: z.enum(ATTEMPT_CAUSES),
  status: z.int().nullable(),
  answer: z.string().nullable(),
  retryAfter: z.number().nullable(),
});

const state = z.strictObject({
  name: z.string(),
  paused: z.strictObject({ at: instant, reason: z.string() }).nullable(),
  breaker: z.strictObject({ failures: count, probeAt: instant.nullable(), probes: count }).nullable(),
});

const entry = z.strictObject({
  at: instant,
  action: z.string(),
  caller: z.string(),
  reason: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
});

export const ROW_SCHEMAS: { readonly [T in Table]: z.ZodType<Rows[T]> } = {
  receipts: z
    .strictObject({ position, receipt, body: base64 })
    .refine(({ receipt, body }) => Buffer.byteLength(body, "base64") === receipt.size, {
      error: "is not as long as `receipt.size` says",
      path: ["body"],
    }),
  rejections: z.strictObject({ position, rejection, body: base64.nullable() }),
  documents: z.strictObject({ position, document, changedAt: instant }),
  links: z.strictObject({ source: z.string(), signer: z.string(), document: z.string() }),
  events: z.strictObject({
    position,
    event: Event,
    coalesceKey: z.string().nullable(),
    at: instant,
    dedupeKeys: z.array(z.string()),
    channelKeys: z.array(channelKey),
    duplicates: z.array(duplicate),
  }),
  tombstones: z.strictObject({
    position,
    id: eventId,
    recordedAt: instant,
    dedupeKeys: z.array(z.string()),
    channelKeys: z.array(channelKey),
  }),
  deliveries: z.strictObject({
    position,
    delivery,
    token: z.string().nullable(),
    recordedAt: instant,
    history: z.array(attempt),
  }),
  destinations: z.strictObject({ state }),
  audit: z.strictObject({ position, entry }),
};
