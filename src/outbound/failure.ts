import type { AttemptCause } from "../domain/delivery.ts";
import { messageOf } from "../domain/errors.ts";
import { BLOCKED } from "./guard.ts";
import { PROXY_FAILED } from "./tunnel.ts";

const CAUSES: readonly [RegExp, AttemptCause][] = [
  [new RegExp(`^${PROXY_FAILED}$`), "proxy"],
  [new RegExp(`^${BLOCKED}$`), "blocked"],
  [/^(ENOTFOUND|ENODATA|EAI_.+)$/, "dns"],
  [/^ECONNREFUSED$/, "refused"],
  [/^(ECONNRESET|EPIPE|ECONNABORTED|ERR_HTTP_CONTENT_LENGTH_MISMATCH)$/, "reset"],
  [/^ETIMEDOUT$/, "timeout"],
  [/^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/, "tls"],
  [/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_)/, "tls"],
];

/** An event cannot be encoded in the destination's format, or not be signed. */
export class EncodingError extends Error {
  override readonly name = "EncodingError";
}

/**
 * A post that brought no whole answer. The message is that of its cause, and `code` the system's or Node's;
 * empty: none.
 */
export class PostError extends Error {
  override readonly name = "PostError";
  readonly code: string;
  /** The status of an answer that began and did not end; null: none began. */
  readonly status: number | null;
  /** A keep-alive connection ended before anything was answered: the receiver had closed it. */
  readonly stale: boolean;

  constructor(cause: Error, { status, stale }: Pick<PostError, "status" | "stale">) {
    super(cause.message, { cause });
    this.code = codeOf(cause);
    this.status = status;
    this.stale = stale && STALE.includes(this.code);
  }
}

const STALE = ["ECONNRESET", "EPIPE"];

/**
 * No access token could be had, so nothing was sent. The message names the token endpoint without its query,
 * and shows no credential.
 */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** What `Retry-After` of the token endpoint asked for, in milliseconds; null: nothing. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    { cause, retryAfter = null }: { cause?: unknown; retryAfter?: number | null } = {},
  ) {
    super(message, { cause });
    this.retryAfter = retryAfter;
  }
}

/** The cause of an attempt whose request threw. */
export function causeOf(error: unknown): AttemptCause {
  if (error instanceof EncodingError) return "unencodable";
  if (error instanceof TokenError) return "token";
  const code = codeOf(error);
  return CAUSES.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
}

/** An error's `code`, of the system or a library; empty when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/**
 * An error's text for people. URLs may contain passwords and tokens, so only their origin and path are shown.
 */
export function describeFailure(error: unknown): string {
  const text = messageOf(error) || codeOf(error) || "failed without saying why";
  return text.replace(/(\w+:\/\/)(?:[^\s/?#]*@)?([^\s?#]*)(?:[?#]\S*)?/g, "$1$2").slice(0, 2_048);
}
