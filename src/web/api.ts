import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import Router from "@koa/router";
import type Koa from "koa";
import type { Concern } from "../concern/concern.ts";
import type { Acknowledgement } from "../concern/episodes.ts";
import { CountersignError } from "../domain/errors.ts";
import type { Shown } from "../domain/receipt.ts";
import type { Envelope } from "../inbound/private.ts";
import type { Store } from "../store/store.ts";
import { type DeliveryViewParts, viewDelivery } from "./delivery-view.ts";
import { type ExplainParts, explain } from "./explain.ts";
import { findDestinations } from "./find-destinations.ts";
import { parseInput, splitList, toRange } from "./input.ts";
import {
  AuditQuery,
  DeliveryQuery,
  documentList,
  EventQuery,
  GroupQuery,
  OnePageQuery,
  ReceiptQuery,
  RejectionQuery,
  SourceQuery,
} from "./queries.ts";
import { showTallies } from "./tallies.ts";

export interface ApiParts extends DeliveryViewParts, Pick<ExplainParts, "unsupporting"> {
  store: Store;
  /** What needs a person, by harm. */
  concerns(): Promise<readonly Concern[]>;
  /** The acknowledgements in force, by the id of the concern. */
  acknowledged(): Promise<ReadonlyMap<string, Acknowledgement>>;
  /** Removes from a stored request what the present configuration calls private. */
  conceal<Kept extends Envelope & { source: string; channel: string }>(kept: Kept): Kept;
}

/**
 * The routes that read. Lists answer `{"items": […], "next": cursor or null, "searched": number of rows or
 * null}`.
 */
export function apiRoutes(parts: ApiParts): Router {
  const router = new Router({ prefix: "/api/v1" });
  addEventRoutes(router, parts);
  addRequestRoutes(router, parts);
  addDeliveryRoutes(router, parts);
  return router;
}

function addEventRoutes(router: Router, { store, states, unsupporting, now }: ApiParts): void {
  router.get("/events", async (context) => {
    const { page, filter } = splitList(parseInput(EventQuery(now()), context.query));
    context.body = await store.findEvents(filter, page);
  });
  router.get("/events/:id", async (context) => {
    const { id = "" } = context.params;
    context.body = (await store.findEvent(id)) ?? notFound("event", id);
  });
  router.get("/documents", async (context) => {
    const { filter, page } = documentList(context.query, now());
    context.body = await store.findDocuments(filter, page);
  });
  router.get("/documents/:id", async (context) => {
    const { id = "" } = context.params;
    const { source } = parseInput(SourceQuery, context.query);
    context.body = (await tellDocument(store, id, source)) ?? notFound("document", id);
  });
  router.get("/explain/:id", async (context) => {
    const { id = "" } = context.params;
    const explanation = await explain(id, { store, states, unsupporting, now });
    context.body = explanation ?? notFound("event, delivery, receipt or document", id);
  });
}

function addRequestRoutes(router: Router, { store, conceal, now }: ApiParts): void {
  router.get("/receipts", async (context) => {
    const { page, filter } = splitList(parseInput(ReceiptQuery(now()), context.query));
    const { items, ...rest } = await store.findReceipts(filter, page);
    context.body = { items: items.map(conceal), ...rest };
  });
  router.get("/receipts/:id", async (context) => {
    const { id = "" } = context.params;
    const receipt = (await store.findReceipt(id)) ?? notFound("receipt", id);
    const { body, ...summary } = receipt;
    showWithBody(context, conceal(summary), body);
  });
  router.get("/rejections", async (context) => {
    const { page, filter } = splitList(parseInput(RejectionQuery(now()), context.query));
    const { items, ...rest } = await store.listRejections(filter, page);
    context.body = { items: items.map((one) => showRejection(conceal(one), one.size)), ...rest };
  });
  router.get("/rejections/:id", async (context) => {
    const { id = "" } = context.params;
    const { body, ...rejection } = (await store.findRejection(id)) ?? notFound("rejection", id);
    showWithBody(context, showRejection(conceal(rejection), body?.byteLength ?? null), body);
  });
}

function addDeliveryRoutes(router: Router, parts: ApiParts): void {
  const { store, now } = parts;
  router.get("/deliveries", async (context) => {
    const { page, filter } = splitList(parseInput(DeliveryQuery(now()), context.query));
    if (filter.undelivered && filter.status === "delivered")
      throw new CountersignError("bad_request", "status: delivered is what `undelivered` leaves out");
    const { items, ...rest } = await store.findDeliveries(filter, page);
    context.body = { items: items.map((one) => viewDelivery(one, parts)), ...rest };
  });
  router.get("/deliveries/groups", async (context) => {
    const { group, cursor, from, until, since, ...filter } = parseInput(GroupQuery(now()), context.query);
    const range = toRange({ from, until, since });
    context.body = await store.countUndelivered(group, { ...filter, ...range }, { cursor });
  });
  router.get("/deliveries/:id", async (context) => {
    const { id = "" } = context.params;
    context.body = viewDelivery((await store.findDelivery(id)) ?? notFound("delivery", id), parts);
  });
  router.get("/destinations", async (context) => {
    parseInput(OnePageQuery, context.query);
    context.body = { items: await findDestinations(parts), next: null };
  });
  router.get("/tallies", async (context) => {
    context.body = await showTallies(store, context.query, now());
  });
  router.get("/concerns", async (context) => {
    parseInput(OnePageQuery, context.query);
    context.body = { items: await listConcerns(parts), next: null };
  });
  router.get("/audit", async (context) => {
    const { page, filter } = splitList(parseInput(AuditQuery(now()), context.query));
    context.body = await store.findAudit(filter, page);
  });
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

/** What needs a person, each with its acknowledgement; null: it has none. */
export async function listConcerns({ concerns, acknowledged }: Pick<ApiParts, "concerns" | "acknowledged">) {
  const [found, known] = [await concerns(), await acknowledged()];
  return found.map((concern) => ({ ...concern, acknowledged: known.get(concern.id) ?? null }));
}

function notFound(what: string, id: string): never {
  throw new CountersignError("not_found", `there is no ${what} ${id}`);
}
