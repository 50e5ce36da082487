/**
 * `undecodable`: no payload found; `unmapped`: a word that no table has; `missing`: a field that the mapping
 * needs; `invalid`: a value that does not fit; `unfinished`: a long batch is still being recorded, or was
 * when the bridge stopped.
 */
export const PROBLEM_KINDS = ["undecodable", "unmapped", "missing", "invalid", "unfinished"] as const;

/** A part of a request that could not be read. Never a reason to lose the request: its bytes are kept. */
export interface Problem {
  kind: (typeof PROBLEM_KINDS)[number];
  /** The item of a batch, from 0; null: the request as a whole. */
  item: number | null;
  /** The place or path that was read. */
  field: string | null;
  message: string;
}

/**
 * A genuine request as it is kept. Tokens are removed from `query` and `headers`; the body is byte for byte.
 */
export interface Receipt {
  /** `rcp_` and 26 letters and digits that grow with time. */
  id: string;
  source: string;
  channel: string;
  /** Milliseconds since 1970. */
  receivedAt: number;
  query: string;
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  /** The checks that passed, such as `hmac+token`; `none` when the configuration switched checks off. */
  verified: string;
  /** The mapping that read it, with the digest of its file. */
  mapping: string;
  problems: readonly Problem[];
}

/** A request refused as not genuine. A bounded number is kept for a while: our own secret may be wrong. */
export interface Rejection {
  /** `rej_` and 26 letters and digits that grow with time. */
  id: string;
  source: string;
  channel: string;
  /** Milliseconds since 1970. */
  receivedAt: number;
  query: string;
  headers: Readonly<Record<string, string>>;
  /**
   * Null: not read, or longer than what is kept of refused requests. Only its beginning where `shown.cutFrom`
   * is set.
   */
  body: Uint8Array | null;
  /** Why it was refused. */
  reason: string;
  shown: Shown;
}

/** Stands for the parts of a refused request that are not kept. */
export interface Shown extends Fingerprints {
  /**
   * The length of the whole body in bytes, announced or received, where `body` is not all of it. Absent: it
   * is whole.
   */
  cutFrom?: number | undefined;
}

/**
 * Fingerprints of the credentials, so that the request can be verified again. The credentials are not stored.
 */
export interface Fingerprints {
  token: string | null;
  authorization: string | null;
  /** Of other headers and query parameters with a secret, by place (`header:x-secret`). Absent: none. */
  places?: Readonly<Record<string, string>> | undefined;
}

/** One line for people and for the answer to the provider; null: no problems. */
export function summarize(problems: readonly Problem[]): string | null {
  const [first] = problems;
  if (!first) return null;
  const where = first.item === null ? "" : `item ${first.item}: `;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return `${where}${first.message}${more}`;
}
