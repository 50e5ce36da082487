import Router from "@koa/router";
import Koa from "koa";
import { z } from "zod";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import { isSameText } from "../inbound/verify.ts";
import type { Store } from "../store/store.ts";
import type { Health } from "./health.ts";

export interface AdminParts {
  store: Store;
  health(): Promise<Health>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Null: whoever reaches the listener may ask. */
  token: string | null;
  /** A fault of ours, for the log. */
  failed(error: unknown): void;
}

const page = {
  cursor: z
    .string()
    .regex(/^[0-9a-z]{1,12}$/, "is not a cursor: use `next` of the page before")
    .optional(),
  limit: z.coerce.number("must be a number").int("must be a whole number").min(1).max(1_000).default(100),
};
const EventQuery = z.strictObject({
  ...page,
  type: z.string().optional(),
  source: z.string().optional(),
  document: z.string().optional(),
});
const ReceiptQuery = z.strictObject({
  ...page,
  source: z.string().optional(),
  channel: z.string().optional(),
  problems: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .optional(),
});

/** The listener for operators: health, metrics, and what is kept. Health and metrics need no token and show no secret. */
export function createAdmin(parts: AdminParts): Koa {
  const app = new Koa();
  app.silent = true;
  app.use(async (context, next) => {
    try {
      await next();
      if (context.body === undefined)
        throw new CountersignError("not_found", `there is nothing at ${context.path}`);
    } catch (error) {
      answerFault(context, error, parts);
    }
  });
  app.use(openRoutes(parts).routes());
  app.use(async (context, next) => {
    if (!isAllowed(context.get("authorization"), parts.token)) {
      context.set("www-authenticate", "Bearer");
      throw new CountersignError("unauthorized", "send the admin token as `Authorization: Bearer …`");
    }
    await next();
  });
  app.use(apiRoutes(parts).routes());
  return app;
}

function openRoutes({ health, metrics }: AdminParts): Router {
  const router = new Router();
  router.get("/livez", (context) => {
    context.body = { status: "ok" };
  });
  router.get("/readyz", async (context) => {
    const state = await health();
    context.status = state.status === "ok" ? 200 : 503;
    context.body = state;
  });
  router.get("/metrics", async (context) => {
    const { contentType, text } = await metrics();
    context.type = contentType;
    context.body = text;
  });
  return router;
}

function apiRoutes({ store }: AdminParts): Router {
  const router = new Router({ prefix: "/api/v1" });
  router.get("/events", async (context) => {
    const { cursor, limit, ...filter } = parse(EventQuery, context.query);
    context.body = await store.findEvents(filter, { cursor, limit });
  });
  router.get("/events/:id", async (context) => {
    const { id = "" } = context.params;
    context.body = (await store.findEvent(id)) ?? notFound("event", id);
  });
  router.get("/receipts", async (context) => {
    const { cursor, limit, ...filter } = parse(ReceiptQuery, context.query);
    context.body = await store.findReceipts(filter, { cursor, limit });
  });
  router.get("/receipts/:id", async (context) => {
    const { id = "" } = context.params;
    const receipt = (await store.findReceipt(id)) ?? notFound("receipt", id);
    context.body = { ...receipt, body: Buffer.from(receipt.body).toString("base64") };
  });
  return router;
}

function isAllowed(authorization: string, token: string | null): boolean {
  if (token === null) return true;
  const [, given] = /^Bearer (.+)$/i.exec(authorization) ?? [];
  return given !== undefined && isSameText(given, token);
}

function parse<T>(schema: z.ZodType<T>, query: unknown): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(({ path, message }) =>
    [...path.map(String), message].join(": "),
  );
  throw new CountersignError("bad_request", complaints.join("; "));
}

function notFound(what: string, id: string): never {
  throw new CountersignError("not_found", `there is no ${what} ${id}`);
}

function answerFault(context: Koa.Context, error: unknown, { failed }: AdminParts): void {
  const fault =
    error instanceof CountersignError
      ? error
      : new CountersignError("internal", "something went wrong; the log says what");
  context.status = HTTP_STATUS[fault.code];
  context.body = { error: fault.code, message: fault.message };
  if (context.status >= 500) failed(error);
}
