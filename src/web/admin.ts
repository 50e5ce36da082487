import Router from "@koa/router";
import Koa from "koa";
import { CountersignError, HTTP_STATUS } from "../domain/errors.ts";
import { isSameText } from "../inbound/credentials.ts";
import { type ApiParts, apiRoutes } from "./api.ts";
import { type ControlParts, controlRoutes } from "./control.ts";
import type { Health } from "./health.ts";
import { isOurHost } from "./host.ts";
import { type ParityParts, parityRoutes } from "./parity.ts";

export interface AdminParts extends ApiParts, ControlParts, ParityParts {
  health(): Promise<Health>;
  /** The metrics in Prometheus' text format. */
  metrics(): Promise<{ contentType: string; text: string }>;
  /** Null: no token is needed. */
  token: string | null;
  /** Names that a request's Host header may have beside those of loopback; null: any. */
  hosts: readonly string[] | null;
  /** Called with an unexpected fault, for the log. */
  failed(error: unknown): void;
}

/**
 * The listener for operators: health, metrics and the admin API. Health and metrics need no token and show no
 * secret.
 */
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
  app.use(async (context, next) => {
    if (!isAllowed(context.get("authorization"), parts.token)) {
      context.set("www-authenticate", "Bearer");
      throw new CountersignError("unauthorized", "send the admin token as `Authorization: Bearer …`");
    }
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

function isAllowed(authorization: string, token: string | null): boolean {
  if (token === null) return true;
  const [, given] = /^Bearer (.+)$/i.exec(authorization) ?? [];
  return given !== undefined && isSameText(given, token);
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
