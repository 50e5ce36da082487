import type Router from "@koa/router";
import type Koa from "koa";
import { z } from "zod";
import { ATTEMPT_CAUSES, PARK_REASONS } from "../domain/delivery.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { parseUntil } from "../domain/quantity.ts";
import { moment, PAGE, parseInput, wordOf } from "./input.ts";
import type { Mandate, Operations } from "./operations.ts";

/**
 * Somebody knows of something and takes care of it: of a concern for a time, of parked deliveries for good.
 */

interface AcknowledgeParts {
  operations: Operations;
  /** Milliseconds since 1970. */
  now(): number;
  /** The reason of every such call. */
  reason: z.ZodType<string>;
  mandateOf(context: Koa.Context, reason: string): Mandate;
}

/** The moment in so long; or a moment, which must be to come. */
export const until = (now: number) =>
  z
    .string("must say for how long, such as 2d, or until when, such as 2026-01-31T12:00:00Z")
    .transform((text, context) => {
      const at = parseUntil(text, now);
      if (at === null)
        context.addIssue("must be a duration such as 2d, or a moment such as 2026-01-31T12:00:00Z");
      else if (at <= now) context.addIssue("must be a moment to come");
      return at ?? z.NEVER;
    });

export function addAcknowledgeRoutes(router: Router, parts: AcknowledgeParts): void {
  router.post("/concerns/acknowledge", (context) => acknowledgeConcern(context, parts));
  router.post("/deliveries/acknowledge", (context) => acknowledgeMany(context, parts));
  router.post("/deliveries/:id/acknowledge", (context) => acknowledgeOne(context, parts));
}

async function acknowledgeConcern(context: Koa.Context, parts: AcknowledgeParts): Promise<void> {
  const Body = z.strictObject({ id: z.string(), until: until(parts.now()), reason: parts.reason });
  const { reason, ...wish } = parseInput(Body, context.request.body);
  const acknowledged = await parts.operations.acknowledgeConcern(wish, parts.mandateOf(context, reason));
  context.body = { id: wish.id, acknowledged };
}

async function acknowledgeOne(context: Koa.Context, parts: AcknowledgeParts): Promise<void> {
  const { reason } = parseInput(z.strictObject({ reason: parts.reason }), context.request.body);
  const mandate = parts.mandateOf(context, reason);
  const one = await parts.operations.acknowledgeOne(context.params.id ?? "", mandate);
  context.body = { ...one, acknowledged: true };
}

const ManyBody = (now: number, reason: z.ZodType<string>) =>
  z.strictObject({
    destination: z.string(),
    parked: wordOf(PARK_REASONS).optional(),
    cause: wordOf(ATTEMPT_CAUSES).optional(),
    since: moment(now).optional(),
    type: z.enum(EVENT_TYPES, "must be an event type").optional(),
    document: z.string().optional(),
    reason,
    dryRun: z.boolean().default(false),
    cursor: PAGE.cursor,
    limit: z.int().min(1).max(1_000).default(500),
  });

/** Counts, or acknowledges one page. The caller passes `next` on until it is null. */
async function acknowledgeMany(context: Koa.Context, parts: AcknowledgeParts): Promise<void> {
  const given = parseInput(ManyBody(parts.now(), parts.reason), context.request.body);
  const { parked, reason, dryRun, cursor, limit, ...rest } = given;
  const filter = { ...rest, reason: parked };
  const { operations } = parts;
  context.body = dryRun
    ? { count: await operations.countAcknowledge(filter) }
    : await operations.acknowledge({ ...filter, cursor, limit }, parts.mandateOf(context, reason));
}
