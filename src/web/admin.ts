import Router from "@koa/router";
import Koa from "koa";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import type { AdminToken } from "../domain/rights.ts";
import { type ApiParts, apiRoutes } from "./api.ts";
import { callerOf } from "./callers.ts";
import { type ControlParts, controlRoutes } from "./control.ts";
import type { Health } from "./health.ts";
import { isOurHost } from "./host.ts";
import { type ParityParts, parityRoutes } from "./parity.ts";

export interface AdminParts extends ApiParts, ControlParts, ParityParts {
  health(): Promise<Health>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Empty: no token is needed. */
  tokens: readonly AdminToken[];
  /** Names that a request's Host header may have beside those of loopback; null: any. */
  hosts: readonly string[] | null;
  /** A proxy in front says by `X-Forwarded-For` and `X-Forwarded-Proto` who asks, and how. */
  proxied: boolean;
  /** The pages for people; null: there are none. */
  console: Koa.Middleware | null;
  /** Called with an unexpected fault, for the log. */
  failed(error: unknown): void;
}

/**
 * The listener for operators: health, metrics, the admin API under `/api`, and the console everywhere else.
 * Health and metrics need no token and show no secret.
 */
export function createAdmin(parts: AdminParts): Koa {
  const app = new Koa();
  app.silent = true;
  app.proxy = parts.proxied;
  // Of the addresses in X-Forwarded-For the last is the proxy's own word; those before are the sender's.
  app.maxIpsCount = 1;
  app.use(async (context, next) => {
    try {
      await next();
      if (context.body === undefined)
        throw new CountersignError("not_found", `there is nothing at ${context.path}`);
    } catch (error) {
      answerFault(context, error, parts);
    }
  });
  app.use(async (context, next) => {
    if (parts.hosts && !isOurHost(context.get("host"), parts.hosts)) {
      throw new CountersignError(
        "misdirected",
        "the Host header names no host of this admin API: ask it as localhost, or add the name to `admin.hosts`",
      );
    }
    await next();
  });
  app.use(openRoutes(parts).routes());
  if (parts.console) app.use(outsideOfApi(parts.console));
  app.use(async (context, next) => {
    const caller = callerOf(context.get("authorization"), parts.tokens);
    if (!caller) {
      context.set("www-authenticate", "Bearer");
      throw new CountersignError("unauthorized", "send the admin token as `Authorization: Bearer …`");
    }
    context.state.caller = caller;
    await next();
  });
  app.use(apiRoutes(parts).routes());
  app.use(parityRoutes(parts).routes());
  app.use(controlRoutes(parts).routes());
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

function outsideOfApi(middleware: Koa.Middleware): Koa.Middleware {
  return (context, next) => (/^\/api(\/|$)/.test(context.path) ? next() : middleware(context, next));
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
