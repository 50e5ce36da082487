import Router from "@koa/router";
import type Koa from "koa";
import { CountersignError } from "../domain/errors.ts";
import { formatDuration } from "../domain/quantity.ts";
import type { AdminToken } from "../domain/rights.ts";
import { ANYONE, bearerOf, type Caller, isOurOrigin } from "../web/callers.ts";
import type { Assets } from "./assets.ts";
import { fieldsOf, readForm } from "./fields.ts";
import { createGuesses } from "./guesses.ts";
import type { ConsoleParts } from "./parts.ts";
import { seeOther, sendHtml } from "./send.ts";
import { createSessions, type Session } from "./sessions.ts";
import { ownPath, signInPage } from "./sign-in.ts";

/** Who may enter: sessions by cookie, signing in and out. */

export interface Visitor {
  caller: Caller;
  /** Until when personal data is shown, milliseconds since 1970; null: it is masked. */
  showsUntil: number | null;
}

export interface Gate {
  /** The routes to sign in and out. */
  router: Router;
  /** Null: there is no session. `isUse`: the request keeps the session from expiring. */
  admit(context: Koa.Context, options?: { isUse: boolean }): Visitor | null;
  /** Answers with the page to sign in. */
  turnAway(context: Koa.Context): Promise<void>;
  /** Shows personal data to the visitor until that moment, or masks it again. */
  setShown(context: Koa.Context, until: number | null): void;
}

type GateParts = Pick<ConsoleParts, "tokens" | "clock" | "randomBytes">;

export function createGate({ tokens, clock, randomBytes }: GateParts, assets: Assets): Gate {
  const { now } = clock;
  const sessions = createSessions({ now, randomBytes });
  const guesses = createGuesses(now);
  const isOpen = () => tokens().length === 0;

  function sessionOf(context: Koa.Context, isUse = true): Session | null {
    const id = context.cookies.get(cookieOf(context));
    const session = id === undefined ? null : sessions.find(id, isUse);
    return session && callerOf(session) ? session : null;
  }

  /** Null: a reload has taken the token away, or it asks for one now. The right is the present one. */
  function callerOf({ token }: Session): Caller | null {
    if (isOpen()) return ANYONE;
    const found = token && tokens().find((one) => one.name === token.name && one.token === token.token);
    return found ? { name: found.name, right: found.right } : null;
  }

  function begin(context: Koa.Context, token: AdminToken | null): Session | null {
    const before = context.cookies.get(cookieOf(context));
    if (before !== undefined) sessions.end(before);
    const id = sessions.begin(token);
    context.cookies.set(cookieOf(context), id, {
      httpOnly: true,
      sameSite: "strict",
      secure: context.secure,
      path: "/",
      overwrite: true,
    });
    return sessions.find(id);
  }

  const gate: Omit<Gate, "router"> = {
    admit(context, { isUse } = { isUse: true }) {
      const session = sessionOf(context, isUse);
      const caller = session ? callerOf(session) : isOpen() ? ANYONE : null;
      if (!caller) return null;
      const until = session?.showsUntil ?? null;
      return { caller, showsUntil: until !== null && until > now() ? until : null };
    },
    async turnAway(context) {
      const asks = context.method === "GET" || context.method === "HEAD";
      const fromElsewhere = asks && context.get("sec-fetch-site") === "cross-site";
      const hadCookie = context.cookies.get(cookieOf(context)) !== undefined;
      const complaint = asks
        ? hadCookie && "Your session has expired: sign in again, and this page follows."
        : "There is no session, so nothing was changed: sign in, and do it again.";
      const to = asks ? ownPath(context.url) : "/";
      await sendHtml(context, signInPage({ to, complaint: complaint || null, fromElsewhere }, assets), 401);
    },
    setShown(context, until) {
      // Where nobody signs in, a visitor gets a session for this.
      const fresh = () => (isOpen() && until !== null ? begin(context, null) : null);
      const session = sessionOf(context) ?? fresh();
      if (session) session.showsUntil = until;
    },
  };

  async function signIn(context: Koa.Context): Promise<void> {
    const { token = "", to } = fieldsOf(context.request.body);
    const next = ownPath(to);
    const wait = guesses.waitOf(context.ip);
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1_000);
      context.set("retry-after", String(seconds));
      const complaint = `Too many tokens were tried from your address: try again in ${formatDuration(seconds * 1_000)}.`;
      return sendHtml(context, signInPage({ to: next, complaint }, assets), 429);
    }
    const found = bearerOf(token.trim(), tokens());
    if (!found) {
      guesses.failed(context.ip);
      const complaint = "No token of this bridge is that one. Copy it again, without the spaces around it.";
      return sendHtml(context, signInPage({ to: next, complaint }, assets), 401);
    }
    begin(context, found);
    seeOther(context, next);
  }

  const router = new Router();
  router.get("/sign-in", async (context) => {
    const { to } = fieldsOf(context.query);
    if (gate.admit(context)) return seeOther(context, ownPath(to));
    await sendHtml(context, signInPage({ to: ownPath(to), complaint: null }, assets));
  });
  router.post("/sign-in", ourOrigin, readForm("64kb"), signIn);
  router.post("/sign-out", ourOrigin, (context) => {
    const id = context.cookies.get(cookieOf(context));
    if (id !== undefined) sessions.end(id);
    context.cookies.set(cookieOf(context), null);
    seeOther(context, "/sign-in");
  });
  return { router, ...gate };
}

/** @throws CountersignError `forbidden`: a form of another site was sent in the visitor's name. */
export async function ourOrigin(context: Koa.Context, next: Koa.Next): Promise<void> {
  if (!isOurOrigin(context, { programs: false }))
    throw new CountersignError("forbidden", "the form was sent from another site, or by a program");
  await next();
}

/** Cookies do not tell ports apart, so that the name must: one machine may have several bridges. */
function cookieOf(context: Koa.Context): string {
  return `countersign-${context.req.socket.localPort}`;
}
