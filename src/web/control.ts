import Router from "@koa/router";
import type Koa from "koa";
import { koaBody } from "koa-body";
import { z } from "zod";
import { ATTEMPT_CAUSES, PARK_REASONS } from "../domain/delivery.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { MAX_RATE, parseRate } from "../domain/quantity.ts";
import { addAcknowledgeRoutes } from "./acknowledge.ts";
import { REASON, refuseBody } from "./audit.ts";
import { callerIn, mayChange } from "./callers.ts";
import { moment, PAGE, parseInput, wordOf } from "./input.ts";
import { type Mandate, type Operations, REPLAY_CURSOR } from "./operations.ts";

/**
 * The routes that change the running bridge. Each call needs the right to, and carries a reason, which the
 * audit keeps with time and caller.
 */

export interface ControlParts {
  operations: Operations;
  /** Milliseconds since 1970. */
  now(): number;
}

const ReasonBody = z.strictObject({ reason: REASON });

export const rate = z.string().transform((text, context) => {
  const perSecond = parseRate(text);
  if (perSecond !== null && perSecond <= MAX_RATE) return perSecond;
  context.addIssue(
    perSecond === null ? "must be a rate such as 20/s or 600/m" : `must be at most ${MAX_RATE}/s`,
  );
  return z.NEVER;
});

const ReplayBody = (now: number) =>
  z.strictObject({
    destination: z.string(),
    status: z.enum(["parked", "delivered", "all"], "must be parked, delivered or all").default("parked"),
    since: moment(now).optional(),
    type: z.enum(EVENT_TYPES, "must be an event type").optional(),
    document: z.string().optional(),
    parked: wordOf(PARK_REASONS).optional(),
    cause: wordOf(ATTEMPT_CAUSES).optional(),
    rate: rate.optional(),
    reason: REASON,
    dryRun: z.boolean().default(false),
    cursor: z.string().regex(REPLAY_CURSOR, "is not a cursor: use `next` of the page before").optional(),
    limit: z.int().min(1).max(1_000).default(500),
  });

export function controlRoutes({ operations, now }: ControlParts): Router {
  const router = new Router({ prefix: "/api/v1" });
  // Only routes are protected: an unknown path is not found, whoever asks.
  router.use(mayChange);
  router.use(
    koaBody({
      json: true,
      urlencoded: false,
      text: false,
      multipart: false,
      jsonLimit: "64kb",
      onError: refuseBody,
    }),
  );
  const mandated = (context: Koa.Context): Mandate =>
    mandateOf(context, parseInput(ReasonBody, context.request.body).reason);
  router.post("/destinations/:name/pause", async (context) => {
    context.body = await operations.pause(context.params.name ?? "", mandated(context));
  });
  router.post("/destinations/:name/resume", async (context) => {
    context.body = await operations.resume(context.params.name ?? "", mandated(context));
  });
  router.post("/destinations/:name/test", async (context) => {
    context.body = await operations.testDestination(context.params.name ?? "", mandated(context));
  });
  router.post("/reload", async (context) => {
    await operations.reload(mandated(context));
    context.body = { reloaded: true };
  });
  router.post("/deliveries/:id/skip", async (context) => {
    const skipped = await operations.skip(context.params.id ?? "", mandated(context));
    context.body = { ...skipped, status: "parked", reason: "skipped" };
  });
  addAcknowledgeRoutes(router, { operations, now, reason: REASON, mandateOf });
  router.post("/alerts/:name/test", async (context) => {
    const delivery = await operations.testAlert(context.params.name ?? "", mandated(context));
    context.body = { delivery };
  });
  router.post("/replays", async (context) => {
    const given = parseInput(ReplayBody(now()), context.request.body);
    const { dryRun, reason, rate, cursor, limit, parked, ...rest } = given;
    const filter = { ...rest, reason: parked };
    context.body = dryRun
      ? { count: await operations.countReplay(filter) }
      : await operations.replay({ ...filter, rate, cursor, limit }, mandateOf(context, reason));
  });
  router.post("/reprocess", async (context) => {
    const given = parseInput(ReprocessBody(now()), context.request.body);
    const { reason, cursor, limit, ...wish } = given;
    context.body = await operations.reprocess(wish, { cursor, limit }, mandateOf(context, reason));
  });
  router.post("/requests/:id/reprocess", async (context) => {
    const { id = "" } = context.params;
    const { reason, dryRun } = parseInput(ReprocessOneBody, context.request.body);
    context.body = dryRun
      ? await operations.tryReprocess(id)
      : await operations.reprocessOne(id, mandateOf(context, reason));
  });
  return router;
}

function mandateOf(context: Koa.Context, reason: string): Mandate {
  return { caller: callerIn(context), reason };
}

const ReprocessBody = (now: number) =>
  z.strictObject({
    which: z.enum(["problems", "rejected"], "must be problems or rejected").default("problems"),
    source: z.string().optional(),
    since: moment(now).optional(),
    dryRun: z.boolean().default(false),
    reason: REASON,
    cursor: PAGE.cursor,
    limit: z.int().min(1).max(1_000).default(100),
  });

const ReprocessOneBody = z.strictObject({ reason: REASON, dryRun: z.boolean().default(false) });
