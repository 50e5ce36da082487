/**
 * A refusal is a value; a fault is one of these. Few codes, one class, and one exhaustive table from code to
 * HTTP status: no caller has to guess what a failure means.
 */
export type ErrorCode =
  | "bad_request"
  | "bad_signature"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "method_not_allowed"
  | "conflict"
  | "misdirected"
  | "too_large"
  | "unsupported_media_type"
  | "request_timeout"
  | "too_many_requests"
  | "overloaded"
  | "invalid_configuration"
  | "cannot_start"
  | "store_unavailable"
  | "internal";

export const HTTP_STATUS: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  bad_signature: 401,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  misdirected: 421,
  too_large: 413,
  unsupported_media_type: 415,
  request_timeout: 408,
  too_many_requests: 429,
  overloaded: 503,
  invalid_configuration: 500,
  cannot_start: 500,
  store_unavailable: 503,
  internal: 500,
};

/** A fault whose message is one sentence for a person: what is wrong, where, and what would be right. */
export class CountersignError extends Error {
  override readonly name = "CountersignError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same of a fault of the file system, without the path, in which the content of a file may stand. */
export function messageWithoutPath(error: unknown): string {
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined ? messageOf(error) : (messageOf(error).split(", ", 1)[0] ?? "");
}
