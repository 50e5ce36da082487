/** What could not be read in a request, or in one item of it. Never a reason to lose the request: its bytes are kept. */
export interface Problem {
  /**
   * `undecodable`: no payload found; `unmapped`: a word no table has; `missing`: a field the mapping needs; `invalid`: one that
   * does not fit; `unfinished`: the rest of a long batch is still to be recorded, or the bridge was stopped before it was.
   */
  kind: "undecodable" | "unmapped" | "missing" | "invalid" | "unfinished";
  /** Which item of a batch, from 0; null for the request as a whole. */
  item: number | null;
  /** The place or path looked at. */
  field: string | null;
  message: string;
}

/** An inbound request as it was kept. Tokens are taken out of `query` and `headers`; the bytes are the bytes. */
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

/** A request that was refused as not genuine, kept for a while: the fault may be in a secret of ours. */
export interface Rejection {
  /** `rej_` and 26 letters and digits that grow with time. */
  id: string;
  source: string;
  channel: string;
  /** Milliseconds since 1970. */
  receivedAt: number;
  query: string;
  headers: Readonly<Record<string, string>>;
  /** Null: it was longer than what is kept of refused requests, or was not read. Only its beginning where `shown` says so. */
  body: Uint8Array | null;
  /** Why it was refused. */
  reason: string;
  shown: Shown;
}

/** What stands for what a refused request showed and is not kept. */
export interface Shown extends Fingerprints {
  /** How many bytes the body was said to have, or had come, where `body` is not all of it, or null. Absent: it is whole. */
  cutFrom?: number | undefined;
}

/** Of the credentials, to be compared again. */
export interface Fingerprints {
  token: string | null;
  authorization: string | null;
  /** Of other headers and query parameters that hold a secret, by place (`header:x-secret`). Absent: there are none. */
  places?: Readonly<Record<string, string>> | undefined;
}

/** One line for people and for the answer to the provider; null when all was read. */
export function summarize(problems: readonly Problem[]): string | null {
  const [first] = problems;
  if (!first) return null;
  const where = first.item === null ? "" : `item ${first.item}: `;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return `${where}${first.message}${more}`;
}
