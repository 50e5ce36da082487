import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import Router from "@koa/router";
import type Koa from "koa";
import { z } from "zod";
import { DELIVERY_STATUSES, PARK_REASONS } from "../domain/delivery.ts";
import { CountersignError } from "../domain/errors.ts";
import { DOCUMENT_STATUSES } from "../domain/event.ts";
import type { Shown } from "../domain/receipt.ts";
import type { Envelope } from "../inbound/private.ts";
import type { DestinationState } from "../store/port/control.ts";
import type { Store } from "../store/store.ts";
import { explain } from "./explain.ts";
import { PAGE, parseInput } from "./input.ts";
import { showTallies } from "./tallies.ts";

export interface ApiParts {
  store: Store;
  /** The state of each configured destination. */
  states(): readonly DestinationState[];
  /** Removes from a stored request what the present configuration calls private. */
  conceal<Kept extends Envelope & { source: string; channel: string }>(kept: Kept): Kept;
  /** Milliseconds since 1970. */
  now(): number;
}

const EventQuery = z.strictObject({
  ...PAGE,
  type: z.string().optional(),
  source: z.string().optional(),
  document: z.string().optional(),
});
const ReceiptQuery = z.strictObject({
  ...PAGE,
  source: z.string().optional(),
  channel: z.string().optional(),
  problems: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
});
const RejectionQuery = z.strictObject({
  ...PAGE,
  source: z.string().optional(),
  channel: z.string().optional(),
});
const DocumentQuery = z.strictObject({
  ...PAGE,
  source: z.string().optional(),
  id: z.string().optional(),
  status: z.enum(DOCUMENT_STATUSES).optional(),
});
const DeliveryQuery = z.strictObject({
  ...PAGE,
  destination: z.string().optional(),
  status: z.enum(DELIVERY_STATUSES).optional(),
  reason: z.enum(PARK_REASONS).optional(),
});

/** The routes that read. Lists answer `{"items": […], "next": cursor or null}`. */
export function apiRoutes(parts: ApiParts): Router {
  const { store, states, conceal, now } = parts;
  const router = new Router({ prefix: "/api/v1" });
  router.get("/events", async (context) => {
    const { cursor, limit, ...filter } = parseInput(EventQuery, context.query);
    context.body = await store.findEvents(filter, { cursor, limit });
  });
  router.get("/events/:id", async (context) => {
    const { id = "" } = context.params;
    context.body = (await store.findEvent(id)) ?? notFound("event", id);
  });
  router.get("/receipts", async (context) => {
    const { cursor, limit, ...filter } = parseInput(ReceiptQuery, context.query);
    const { items, next } = await store.findReceipts(filter, { cursor, limit });
    context.body = { items: items.map(conceal), next };
  });
  router.get("/receipts/:id", async (context) => {
    const { id = "" } = context.params;
    const receipt = (await store.findReceipt(id)) ?? notFound("receipt", id);
    const { body, ...summary } = receipt;
    showWithBody(context, conceal(summary), body);
  });
  router.get("/rejections", async (context) => {
    const { cursor, limit, ...filter } = parseInput(RejectionQuery, context.query);
    const { items, next } = await store.listRejections(filter, { cursor, limit });
    context.body = { items: items.map((one) => showRejection(conceal(one), one.size)), next };
  });
  router.get("/rejections/:id", async (context) => {
    const { id = "" } = context.params;
    const { body, ...rejection } = (await store.findRejection(id)) ?? notFound("rejection", id);
    showWithBody(context, showRejection(conceal(rejection), body?.byteLength ?? null), body);
  });
  router.get("/documents", async (context) => {
    const { cursor, limit, ...filter } = parseInput(DocumentQuery, context.query);
    context.body = await store.findDocuments(filter, { cursor, limit });
  });
  router.get("/documents/:id", async (context) => {
    const { id = "" } = context.params;
    const { source } = parseInput(z.strictObject({ source: z.string().optional() }), context.query);
    context.body = (await tellDocument(store, id, source)) ?? notFound("document", id);
  });
  router.get("/deliveries", async (context) => {
    const { cursor, limit, ...filter } = parseInput(DeliveryQuery, context.query);
    context.body = await store.findDeliveries(filter, { cursor, limit });
  });
  router.get("/deliveries/:id", async (context) => {
    const { id = "" } = context.params;
    context.body = (await store.findDelivery(id)) ?? notFound("delivery", id);
  });
  router.get("/destinations", async (context) => {
    parseInput(z.strictObject(PAGE), context.query); // one page holds them all
    context.body = { items: await listDestinations(parts), next: null };
  });
  router.get("/explain/:id", async (context) => {
    const { id = "" } = context.params;
    const explanation = await explain(id, { store, states, now });
    context.body = explanation ?? notFound("event, delivery, receipt or document", id);
  });
  router.get("/tallies", async (context) => {
    context.body = await showTallies(store, context.query, now());
  });
  router.get("/audit", async (context) => {
    const { cursor, limit } = parseInput(z.strictObject(PAGE), context.query);
    context.body = await store.findAudit({ cursor, limit });
  });
  return router;
}

/** Bodies become base64 in chunks, so that a long one does not delay other requests. A multiple of three. */
const CHUNK_BYTES = 3 * 2 ** 16;

/** As JSON, with the bytes in base64 as the last member. */
function showWithBody(context: Koa.Context, rest: object, body: Uint8Array | null): void {
  if (body === null || body.byteLength <= CHUNK_BYTES) {
    context.body = { ...rest, body: body && Buffer.from(body).toString("base64") };
    return;
  }
  context.type = "json";
  context.body = Readable.from(inBase64(JSON.stringify({ ...rest, body: "" }), body));
}

/** `json` ends with the empty string that the bytes are inserted into. */
async function* inBase64(json: string, body: Uint8Array): AsyncGenerator<string> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  yield json.slice(0, -2);
  for (let from = 0; from < bytes.length; from += CHUNK_BYTES) {
    yield bytes.subarray(from, from + CHUNK_BYTES).toString("base64");
    await setImmediate();
  }
  yield json.slice(-2);
}

/** Shows whether only the beginning of the body is kept, and the whole length; fingerprints stay inside. */
function showRejection<R extends { shown: Shown }>({ shown: { cutFrom }, ...rest }: R, size: number | null) {
  return { ...rest, cut: cutFrom !== undefined, length: cutFrom ?? size };
}

/** The most events shown with a document; `/events?document=` pages through all. */
const MAX_EVENTS = 1_000;

/**
 * A document with its events in order. Where two sources have the same id, `source` selects one; without it
 * the first is shown.
 */
async function tellDocument(store: Store, id: string, source: string | undefined) {
  const { items } = await store.findDocuments({ id, source }, { limit: 1 });
  const [document] = items;
  if (!document) return null;
  const events = await store.findEvents({ document: id, source: document.source }, { limit: MAX_EVENTS });
  return { ...document, events: events.items };
}

/** The state and backlog of each destination that is configured or has open deliveries. */
async function listDestinations({ store, states }: ApiParts) {
  const backlog = await store.backlog();
  const configured = states().map((state) => {
    const { open = 0, oldest = null } = backlog.find(({ destination }) => destination === state.name) ?? {};
    return { ...state, configured: true, open, oldest };
  });
  const known = new Set(configured.map(({ name }) => name));
  const gone = backlog
    .filter(({ destination }) => !known.has(destination))
    .map(({ destination: name, open, oldest }) => ({ ...NOT_CONFIGURED, name, open, oldest }));
  return [...configured, ...gone];
}

/** A destination that is not configured: nothing is sent to it, so it is neither paused nor failing. */
const NOT_CONFIGURED = { configured: false, paused: null, breaker: null };

function notFound(what: string, id: string): never {
  throw new CountersignError("not_found", `there is no ${what} ${id}`);
}
