import type Router from "@koa/router";
import type Koa from "koa";
import { z } from "zod";
import type { Concern } from "../concern/concern.ts";
import type { Acknowledgement } from "../concern/episodes.ts";
import { PARK_REASONS } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { parseUntil } from "../domain/quantity.ts";
import type { AuditEntry } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import { moment, PAGE, parseInput, wordOf } from "./input.ts";

/**
 * Somebody knows of something and takes care of it: of a concern for a time, of parked deliveries for good.
 */

export interface AcknowledgeParts {
  store: Store;
  concerns(): Promise<readonly Concern[]>;
  /** Milliseconds since 1970. */
  now(): number;
  /** False: others changed the concern in between, again and again. */
  acknowledgeConcern(concern: Concern, acknowledgement: Acknowledgement): Promise<boolean>;
  audit(context: Koa.Context, action: string, reason: string, details: AuditEntry["details"]): Promise<void>;
  /** Who asks, as the audit names them. */
  callerOf(context: Koa.Context): string;
  /** The subject of every such call. */
  reason: z.ZodType<string>;
}

/** The moment in so long; or a moment, which must be to come. */
const until = (now: number) =>
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
  const now = parts.now();
  const Body = z.strictObject({ id: z.string(), until: until(now), reason: parts.reason });
  const { id, until: end, reason } = parseInput(Body, context.request.body);
  const concerns = await parts.concerns();
  const concern = concerns.find((one) => one.id === id);
  if (!concern) {
    const there = concerns.map((one) => one.id).join(", ") || "none";
    throw new CountersignError("not_found", `there is no concern ${id} at this moment: there are ${there}`);
  }
  const acknowledgement = { at: now, until: end, reason, caller: parts.callerOf(context) };
  if (!(await parts.acknowledgeConcern(concern, acknowledgement)))
    throw new CountersignError("conflict", `${id} is changing at this moment: try again`);
  await parts.audit(context, "acknowledge", reason, { concern: id, until: new Date(end).toISOString() });
  context.body = { id, acknowledged: acknowledgement };
}

async function acknowledgeOne(context: Koa.Context, parts: AcknowledgeParts): Promise<void> {
  const { reason } = parseInput(z.strictObject({ reason: parts.reason }), context.request.body);
  const { id = "" } = context.params;
  const outcome = await parts.store.acknowledgeOne(id, parts.now());
  const delivery = outcome && (await parts.store.findDelivery(id));
  if (!delivery) throw new CountersignError("not_found", `there is no delivery ${id}`);
  if (outcome === "open")
    throw new CountersignError(
      "conflict",
      `${id} is ${delivery.status}: only a parked delivery is acknowledged`,
    );
  if (outcome === "done") throw new CountersignError("conflict", `${id} is acknowledged already`);
  const { destination, event } = delivery;
  await parts.audit(context, "acknowledge", reason, { delivery: id, event, destination });
  context.body = { id, destination, event, acknowledged: true };
}

const ManyBody = (now: number, reason: z.ZodType<string>) =>
  z.strictObject({
    destination: z.string(),
    parked: wordOf(PARK_REASONS).optional(),
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
  const now = parts.now();
  const given = parseInput(ManyBody(now, parts.reason), context.request.body);
  const { parked, reason, dryRun, cursor, limit, ...rest } = given;
  const filter = { ...rest, reason: parked };
  if (dryRun || cursor === undefined) {
    const count = await parts.store.countAcknowledge(filter);
    if (dryRun) {
      context.body = { count };
      return;
    }
    const { destination, since = null, type = null, document = null } = rest;
    const details = { destination, parked: parked ?? null, since, type, document, count };
    await parts.audit(context, "acknowledge", reason, details);
  }
  context.body = await parts.store.acknowledge(filter, { cursor, limit }, now);
}
