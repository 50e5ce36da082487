import type { LookupFunction } from "node:net";
import type { SecureContext } from "node:tls";
import got, { type Response } from "got";
import { z } from "zod";
import { createConnector } from "./connect.ts";
import { describeFailure, TokenError } from "./failure.ts";
import type { Network } from "./guard.ts";
import { parseRetryAfter } from "./retry-after.ts";

/** How a destination's access tokens are obtained: OAuth 2.0 client credentials (RFC 6749, 4.4). */
export interface OAuth2 {
  /** http or https, without a user or password. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** Space-separated; null: the authorization server chooses. */
  scope: string | null;
  /** The API that the token is for, at servers that ask for it; null: not sent. */
  audience: string | null;
  /** Where the client's id and secret are sent: in the header or in the form (RFC 6749, 2.3.1). */
  clientAuth: "basic" | "post";
  /** For the token endpoint alone; null: Node's defaults. */
  tls: SecureContext | null;
  /** URL of the proxy to the token endpoint; null: none. */
  proxy: string | null;
}

/** A token as it was issued. */
export interface Grant {
  token: string;
  /** Milliseconds; null: the server did not say. */
  lifetime: number | null;
}

/** Asks for a token once. An aborted signal ends the request. @throws TokenError */
export type RequestToken = (signal: AbortSignal) => Promise<Grant>;

export interface TokenRequestParts {
  network: Network;
  lookup: LookupFunction;
  /** How long a proxy may be silent, in milliseconds. */
  timeout: number;
  version: string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Far longer than any token, and short enough to be read whole. */
const MAX_ANSWER_BYTES = 65_536;

export function createTokenRequest(
  oauth2: OAuth2,
  { version, now, ...route }: TokenRequestParts,
): RequestToken {
  const url = new URL(oauth2.tokenUrl);
  const endpoint = nameOf(url);
  const connector = createConnector(url, { ...route, tls: oauth2.tls, proxy: oauth2.proxy });
  if (connector instanceof Error) return () => Promise.reject(unreachable(endpoint, connector));
  const agent = { [connector.scheme]: connector.agent() };
  const { form, headers } = credentialsOf(oauth2);

  return async (signal) => {
    const tooLong = new AbortController();
    const request = got.post(url, {
      ...{ form, agent, signal: AbortSignal.any([signal, tooLong.signal]) },
      headers: { ...headers, accept: "application/json", "user-agent": `Countersign/${version}` },
      ...{ retry: { limit: 0 }, followRedirect: false, throwHttpErrors: false, decompress: false },
    });
    request.on("downloadProgress", ({ transferred }) => {
      if (transferred > MAX_ANSWER_BYTES) tooLong.abort();
    });
    const response = await request.catch((error: unknown) => {
      if (tooLong.signal.aborted) throw new TokenError(`${endpoint} answered with more than 64 KiB`);
      throw signal.aborted ? lateAnswer(oauth2) : unreachable(endpoint, error);
    });
    return grantOf(response, endpoint, now());
  };
}

/** The error of an attempt that stopped waiting for a token. */
export function lateAnswer({ tokenUrl }: Pick<OAuth2, "tokenUrl">): TokenError {
  return new TokenError(`${nameOf(new URL(tokenUrl))} gave no answer in time`);
}

function unreachable(endpoint: string, cause: unknown): TokenError {
  return new TokenError(`${endpoint} cannot be reached: ${describeFailure(cause)}`, { cause });
}

function nameOf({ origin, pathname }: URL): string {
  return `the token endpoint ${origin}${pathname}`;
}

function credentialsOf({ clientId, clientSecret, scope, audience, clientAuth }: OAuth2) {
  const form = {
    grant_type: "client_credentials",
    ...(scope !== null && { scope }),
    ...(audience !== null && { audience }),
  };
  if (clientAuth === "post")
    return { form: { ...form, client_id: clientId, client_secret: clientSecret }, headers: {} };
  const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  return { form, headers: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

/** RFC 6749, 2.3.1: both parts of the basic credentials are form-encoded first. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

const GrantBody = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  token_type: z
    .string()
    .regex(/^bearer$/i)
    .optional(),
  /** Seconds; some servers send it as text. */
  expires_in: z
    .union([
      z.number().nonnegative(),
      z
        .string()
        .regex(/^\d{1,12}$/)
        .transform(Number),
    ])
    .nullish(),
});
const ErrorBody = z.object({ error: z.string().regex(/^[\w.:-]{1,64}$/) });

const WRONG: Readonly<Record<string, string>> = {
  access_token: "has no `access_token` that a header can hold",
  token_type: "has a `token_type` other than Bearer",
  expires_in: "has an `expires_in` that is no number of seconds",
};

/** No other words of the answer are shown: a server may repeat credentials in them. */
function grantOf({ statusCode, headers, body }: Response<string>, endpoint: string, now: number): Grant {
  const answer = parse(body);
  if (statusCode !== 200) {
    const code = ErrorBody.safeParse(answer).data?.error;
    const redirects = statusCode >= 300 && statusCode < 400 ? "; redirects are not followed" : "";
    throw new TokenError(`${endpoint} answered with ${statusCode}${code ? ` (${code})` : ""}${redirects}`, {
      retryAfter: parseRetryAfter(headers["retry-after"], now),
    });
  }
  const grant = GrantBody.safeParse(answer);
  if (!grant.success) {
    const wrong = WRONG[String(grant.error.issues[0]?.path[0])] ?? "is no JSON object";
    throw new TokenError(`${endpoint} answered with 200, but its answer ${wrong}`);
  }
  const { access_token: token, expires_in: seconds } = grant.data;
  return { token, lifetime: seconds == null ? null : seconds * 1_000 };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
