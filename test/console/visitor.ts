import { type Bridge, configText, startBridge } from "../support/bridge.ts";

/**
 * A browser without a script, as far as the console needs one: it keeps cookies, and says where it comes
 * from.
 */

export const ACT = "act-token-of-some-length";
export const LOOK = "look-token-of-some-length";
export const SINGLE = "the-single-token-of-old";

/** The usual sources, with a token for each right. */
export function withTokens(text = configText()): string {
  const tokens = `tokens: { ada: { token: ${ACT}, right: act }, board: { token: ${LOOK} } }`;
  return text.replace("admin: { port: 0 }", `admin: { port: 0, token: ${SINGLE}, ${tokens} }`);
}

export interface Page {
  status: number;
  headers: Headers;
  html: string;
  /** What a person reads, without markup. */
  text: string;
}

export interface Visitor {
  get(path: string, headers?: Record<string, string>): Promise<Page>;
  /** Sends a form as a page of the console would. `origin`: headers that say where it comes from. */
  post(path: string, fields: Record<string, string>, origin?: Record<string, string>): Promise<Page>;
  /** Signs in with the token. */
  signIn(token: string): Promise<Page>;
  cookie: string | null;
}

const OURS = { "sec-fetch-site": "same-origin" };

export function visit(bridge: Pick<Bridge, "adminUrl">): Visitor {
  const ask = async (path: string, init: RequestInit): Promise<Page> => {
    const headers = new Headers(init.headers);
    if (visitor.cookie !== null) headers.set("cookie", visitor.cookie);
    const response = await fetch(`${bridge.adminUrl}${path}`, { redirect: "manual", ...init, headers });
    for (const set of response.headers.getSetCookie()) visitor.cookie = set.split(";")[0] ?? null;
    const html = await response.text();
    return { status: response.status, headers: response.headers, html, text: textOf(html) };
  };
  const visitor: Visitor = {
    cookie: null,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, fields, origin = OURS) =>
      ask(path, { method: "POST", body: new URLSearchParams(fields), headers: origin }),
    signIn: (token) => visitor.post("/sign-in", { token, to: "/" }),
  };
  return visitor;
}

const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function textOf(html: string): string {
  return html
    .replace(/<(title|style|script)\b.*?<\/\1>/gs, "")
    .replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => NAMED[name] ?? "")
    .replace(/\s+/g, " ");
}

/** A bridge with tokens, and a visitor who is signed in to act. */
export async function startConsole(text = withTokens()): Promise<{ bridge: Bridge; visitor: Visitor }> {
  const bridge = await startBridge(text);
  const visitor = visit(bridge);
  await visitor.signIn(ACT);
  return { bridge, visitor };
}
