import { z } from "zod";
import type { Breaker } from "../domain/breaker.ts";
import type { Origin } from "../domain/coalesce.ts";
import type { Document } from "../domain/document.ts";
import {
  DOCUMENT_STATUSES,
  EVENT_TYPES,
  Event,
  Provenance,
  SIGNER_ROLES,
  SIGNER_STATUSES,
} from "../domain/event.ts";
import { FINAL_EVENTS } from "../domain/known-signer.ts";
import { PROBLEM_KINDS, type Problem, type Shown } from "../domain/receipt.ts";
import type { AuditEntry, Pause } from "./port/control.ts";
import type { Note } from "./port/notes.ts";

/**
 * The shapes of values that are stored as JSON, for rows that come from outside of any store. Strict: an
 * unknown property would be lost without a word.
 */

/** Milliseconds since 1970. */
const instant = z.int();
const count = z.int().nonnegative();

export const eventId: z.ZodType<string> = Event.shape.id;
export const strings: z.ZodType<Readonly<Record<string, string>>> = z.record(z.string(), z.string());

export const problem: z.ZodType<Problem> = z.strictObject({
  kind: z.enum(PROBLEM_KINDS),
  item: count.nullable(),
  field: z.string().nullable(),
  message: z.string(),
});

export const shown: z.ZodType<Shown> = z.strictObject({
  token: z.string().nullable(),
  authorization: z.string().nullable(),
  places: z.record(z.string(), z.string()).optional(),
  cutFrom: count.optional(),
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

export const document: z.ZodType<Document> = z.strictObject({
  source: z.string(),
  id: z.string(),
  title: z.string().nullable(),
  status: z.enum(DOCUMENT_STATUSES).nullable(),
  statusAt: instant,
  downloadable: z.boolean(),
  tags: z.array(z.string()),
  references: z.record(z.string(), z.string()),
  test: z.boolean().nullable(),
  expiresAt: instant.nullable(),
  reopenedAt: instant.nullable(),
  restartedAt: instant.nullable(),
  signers: z.array(signer),
  listedAt: instant.optional(),
  sequence: count,
  newest: instant,
  told: z.array(z.enum(EVENT_TYPES)).optional(),
  firstAt: instant.optional(),
  sentAt: instant.optional(),
});

/** Whole: a mapping made the draft of a request, and nothing of it is chosen here. */
export const origin: z.ZodType<Origin> = z.custom<Origin>(
  (value) =>
    z.object({ draft: z.looseObject({ type: z.string() }), provenance: Provenance }).safeParse(value).success,
  "is not a report as it came",
);

export const pause: z.ZodType<Pause> = z.strictObject({ at: instant, reason: z.string() });

export const breaker: z.ZodType<Breaker> = z.strictObject({
  failures: count,
  probeAt: instant.nullable(),
  probes: count,
  failing: z.literal("token_endpoint").optional(),
  openedAt: instant.optional(),
});

export const details: z.ZodType<AuditEntry["details"]> = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.null()]),
);

/** Whoever notes it knows what it is like. */
export const noted: z.ZodType<Note["value"]> = z.record(z.string(), z.unknown());
