import Router from "@koa/router";
import type Koa from "koa";
import { koaBody } from "koa-body";
import { z } from "zod";
import type { Delivery } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import { EVENT_TYPES } from "../domain/event.ts";
import { MAX_RATE, parseRate } from "../domain/quantity.ts";
import type { Reprocessed, ReprocessRequest } from "../inbound/reprocess.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { PageRequest } from "../store/port/paging.ts";
import type { Store } from "../store/store.ts";
import { type AcknowledgeParts, addAcknowledgeRoutes } from "./acknowledge.ts";
import { moment, PAGE, parseInput } from "./input.ts";

/**
 * The routes that change the running bridge. Each call carries a reason, which the audit keeps with time and
 * caller.
 */

export interface ControlParts {
  store: Store;
  /** The names of the configured destinations. */
  destinations(): readonly string[];
  control: Control;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
  /** Processes stored requests again, a page at a time. */
  reprocess(wish: ReprocessRequest, page: PageRequest): Promise<Reprocessed>;
  /** Milliseconds since 1970. */
  now(): number;
  concerns: AcknowledgeParts["concerns"];
  acknowledgeConcern: AcknowledgeParts["acknowledgeConcern"];
  /** Sends a test to an alert; returns the id of its delivery. Null: there is no such alert. */
  testAlert(name: string): Promise<string | null>;
}

/** The running bridge, as operators change it. */
export interface Control {
  /** Stops sending to the destination, also after a restart. Attempts in flight end. */
  pause(destination: string, reason: string): Promise<void>;
  resume(destination: string): Promise<void>;
  /** Deliveries to it may be due. */
  wake(destination: string): void;
  /** An operator skipped this delivery, so the next of its lane is due. */
  skipped(delivery: Delivery): void;
  /** Loads the configuration from its file again, all or nothing. */
  reload(): Promise<void>;
}

const reason = z
  .string("must say why: it is kept with time and caller")
  .trim()
  .min(1, "must say why: it is kept with time and caller")
  .max(500);

const ReasonBody = z.strictObject({ reason });

const rate = z.string().transform((text, context) => {
  const perSecond = parseRate(text);
  if (perSecond !== null && perSecond <= MAX_RATE) return perSecond;
  context.addIssue(
    perSecond === null ? "must be a rate such as 20/s or 600/m" : `must be at most ${MAX_RATE}/s`,
  );
  return z.NEVER;
});

/** Where the next page begins, and when its first delivery is due: a rate holds over all pages. */
const CURSOR = /^([0-9a-z]+)\.([0-9a-z]+)$/;

const ReplayBody = (now: number) =>
  z.strictObject({
    destination: z.string(),
    status: z.enum(["parked", "delivered", "all"], "must be parked, delivered or all").default("parked"),
    since: moment(now).optional(),
    type: z.enum(EVENT_TYPES, "must be an event type").optional(),
    document: z.string().optional(),
    rate: rate.optional(),
    reason,
    dryRun: z.boolean().default(false),
    cursor: z.string().regex(CURSOR, "is not a cursor: use `next` of the page before").optional(),
    limit: z.int().min(1).max(1_000).default(500),
  });

export function controlRoutes(parts: ControlParts): Router {
  const router = new Router({ prefix: "/api/v1" });
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
  router.post("/destinations/:name/pause", (context) => change(context, "pause", parts));
  router.post("/destinations/:name/resume", (context) => change(context, "resume", parts));
  router.post("/reload", async (context) => {
    const { reason } = parseInput(ReasonBody, context.request.body);
    await parts.control.reload();
    await audit(context, "reload", reason, {}, parts);
    context.body = { reloaded: true };
  });
  router.post("/deliveries/:id/skip", (context) => skip(context, parts));
  router.post("/replays", (context) => replay(context, parts));
  addAcknowledgeRoutes(router, {
    ...parts,
    reason,
    callerOf: (context) => context.ip,
    audit: (context, action, why, details) => audit(context, action, why, details, parts),
  });
  router.post("/alerts/:name/test", (context) => testAlert(context, parts));
  router.post("/reprocess", (context) => reprocessPage(context, parts));
  return router;
}

async function change(context: Koa.Context, action: "pause" | "resume", parts: ControlParts): Promise<void> {
  const name = known(context.params.name, parts);
  const body = parseInput(ReasonBody, context.request.body);
  if (action === "pause") await parts.control.pause(name, body.reason);
  else await parts.control.resume(name);
  await audit(context, action, body.reason, { destination: name }, parts);
  const state = parts.states().find((one) => one.name === name);
  context.body = { name, paused: state?.paused ?? null };
}

/** Skips a delivery, so that the later ones of its document are sent. */
async function skip(context: Koa.Context, parts: ControlParts): Promise<void> {
  const { store, control, now } = parts;
  const { reason } = parseInput(ReasonBody, context.request.body);
  const { id } = context.params;
  const outcome = await store.skip(id, now());
  const delivery = outcome && (await store.findDelivery(id));
  if (!delivery) throw new CountersignError("not_found", `there is no delivery ${id}`);
  if (outcome === "leased")
    throw new CountersignError("conflict", `${id} has an attempt in flight: skip it once that is over`);
  if (outcome === "final")
    throw new CountersignError("conflict", `${id} is ${delivery.status} already: there is nothing to skip`);
  control.skipped(delivery);
  const { destination, event } = delivery;
  await audit(context, "skip", reason, { delivery: id, event, destination }, parts);
  context.body = { id, destination, event, status: "parked", reason: "skipped" };
}

/** Counts, or makes one page due again. The caller passes `next` on until it is null. */
async function replay(context: Koa.Context, parts: ControlParts): Promise<void> {
  const now = parts.now();
  const { rate, reason, dryRun, cursor, limit, ...filter } = parseInput(
    ReplayBody(now),
    context.request.body,
  );
  known(filter.destination, parts);
  if (dryRun || cursor === undefined) {
    const count = await parts.store.countReplay(filter);
    if (dryRun) {
      context.body = { count };
      return;
    }
    const { destination, status, since, type, document } = filter;
    const details = {
      destination,
      status,
      since: since ?? null,
      type: type ?? null,
      document: document ?? null,
      count,
    };
    await audit(context, "replay", reason, details, parts);
  }
  const [, position, startAt] = CURSOR.exec(cursor ?? "") ?? [];
  const from = startAt === undefined ? now : Number.parseInt(startAt, 36);
  const spacing = rate === undefined ? 0 : 1_000 / rate;
  // A reload may have removed the destination meanwhile: its deliveries would wait for ever.
  known(filter.destination, parts);
  const { replayed, next } = await parts.store.replay(
    filter,
    { cursor: position, limit },
    { now: from, spacing },
  );
  parts.control.wake(filter.destination);
  context.body = { replayed, next: next && `${next}.${Math.round(from + replayed * spacing).toString(36)}` };
}

const ReprocessBody = (now: number) =>
  z.strictObject({
    which: z.enum(["problems", "rejected"], "must be problems or rejected").default("problems"),
    source: z.string().optional(),
    since: moment(now).optional(),
    dryRun: z.boolean().default(false),
    reason,
    cursor: PAGE.cursor,
    limit: z.int().min(1).max(1_000).default(100),
  });

/** One page. The caller passes `next` on until it is null. */
async function reprocessPage(context: Koa.Context, parts: ControlParts): Promise<void> {
  const { reason, cursor, limit, ...wish } = parseInput(ReprocessBody(parts.now()), context.request.body);
  if (!wish.dryRun && cursor === undefined) {
    const { which, source = null, since = null } = wish;
    await audit(context, "reprocess", reason, { which, source, since }, parts);
  }
  context.body = await parts.reprocess(wish, { cursor, limit });
}

async function testAlert(context: Koa.Context, parts: ControlParts): Promise<void> {
  const { reason } = parseInput(ReasonBody, context.request.body);
  const { name = "" } = context.params;
  const delivery = await parts.testAlert(name);
  if (delivery === null) throw new CountersignError("not_found", `there is no alert ${name}`);
  await audit(context, "test-alert", reason, { alert: name }, parts);
  context.body = { delivery };
}

async function audit(
  context: Koa.Context,
  action: string,
  reason: string,
  details: Readonly<Record<string, string | number | null>>,
  { store, now }: ControlParts,
): Promise<void> {
  await store.addAudit({ at: now(), action, caller: context.ip, reason, details });
}

function known(name: unknown, parts: ControlParts): string {
  const destinations = parts.destinations();
  const found = destinations.find((one) => one === name);
  if (found === undefined) {
    throw new CountersignError(
      "not_found",
      `there is no destination ${String(name)}: there are ${destinations.join(", ") || "none"}`,
    );
  }
  return found;
}

function refuseBody(error: Error): never {
  throw new CountersignError("bad_request", `the body is not understood: ${error.message}`);
}
