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

/** What an event that cannot be put into the destination's format is thrown as. */
export class EncodingError extends Error {
  override readonly name = "EncodingError";
}

/** Why a request that threw brought no answer. */
export function causeOf(error: unknown): AttemptCause {
  if (error instanceof EncodingError) return "unencodable";
  const code = codeOf(error);
  return CAUSES.find(([pattern]) => pattern.test(code))?.[1] ?? "other";
}

/** The system's or library's code of an error; empty when it has none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}

/** An error's text for people. Passwords and tokens live in URLs, so of a URL only origin and path are shown. */
export function describeFailure(error: unknown): string {
  const text = messageOf(error) || codeOf(error) || "failed without saying why";
  return text.replace(/(\w+:\/\/)(?:[^\s/?#]*@)?([^\s?#]*)(?:[?#]\S*)?/g, "$1$2").slice(0, 2_048);
}
