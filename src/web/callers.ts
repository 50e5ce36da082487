import type Koa from "koa";
import { CountersignError } from "../domain/errors.ts";
import type { AdminToken, Right } from "../domain/rights.ts";
import { isSameText } from "../inbound/credentials.ts";

/** Who asks the admin listener, and what they may do. */

export interface Caller {
  /** Of the token; null: this listener needs none. */
  name: string | null;
  right: Right;
}

/** Anyone who reaches a listener without tokens. */
export const ANYONE: Caller = { name: null, right: "act" };

/** The bearer of a token; null: it is none of these. All are compared, so that the time shows nothing. */
export function bearerOf(token: string, tokens: readonly AdminToken[]): AdminToken | null {
  const [found] = tokens.filter((one) => isSameText(token, one.token));
  return found ?? null;
}

/**
 * The caller of a request to the API, by its `Authorization: Bearer …` (RFC 6750, 2.1); null: none is known.
 */
export function callerOf(authorization: string, tokens: readonly AdminToken[]): Caller | null {
  if (tokens.length === 0) return ANYONE;
  const [, given] = /^Bearer (.+)$/i.exec(authorization) ?? [];
  const found = given === undefined ? null : bearerOf(given, tokens);
  return found && { name: found.name, right: found.right };
}

/** @throws CountersignError `forbidden` unless the caller may change the bridge. */
export function requireAct({ name, right }: Caller): void {
  if (right === "act") return;
  throw new CountersignError(
    "forbidden",
    `the token ${name} may look and not change anything: use one with \`right: act\``,
  );
}

/**
 * Whether a request that changes something may come from a page of this listener. A browser says where a
 * request comes from by `Sec-Fetch-Site` (W3C Fetch Metadata), or over plain HTTP by `Origin` (RFC 6454)
 * alone. `programs`: a request with neither is from no browser, and allowed.
 */
export function isOurOrigin(context: Koa.Context, { programs }: { programs: boolean }): boolean {
  const site = context.get("sec-fetch-site");
  if (site !== "") return site === "same-origin";
  const origin = context.get("origin");
  if (origin === "") return programs;
  return URL.canParse(origin) && new URL(origin).host === context.host;
}

/** For routes of the API that change something: the caller may, and no page of another origin asks. */
export async function mayChange(context: Koa.Context, next: Koa.Next): Promise<void> {
  requireAct(context.state.caller);
  if (!isOurOrigin(context, { programs: true }))
    throw new CountersignError("forbidden", "the request comes from a web page of another origin");
  await next();
}

/** As the audit names the caller of a request that was let in. */
export function callerIn(context: Koa.Context): string {
  return auditName(context.state.caller, context.ip);
}

/** What the audit has as the caller: the name of the token and the address, or the address alone. */
export function auditName({ name }: Caller, address: string): string {
  return name === null ? address : `${name} at ${address}`;
}
