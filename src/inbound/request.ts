import type { Fingerprints } from "../domain/receipt.ts";

/** What is known of a request before its body is read. */
export interface RequestHead {
  source: string;
  channel: string;
  query: URLSearchParams;
  /** The path segment after the channel; null when there is none. */
  pathToken: string | null;
  /** Names in lower case; repeated ones joined by ", ". */
  headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  receivedAt: number;
  /** Instead of credentials that are no longer there, when a refused request is looked at again. */
  shown?: Fingerprints;
}

/** A request on its way in, before anybody looked into it. */
export interface RawRequest extends RequestHead {
  /** The bytes that came, nothing more and nothing less. */
  body: Uint8Array;
  /** What the body holds, where it came compressed; absent: the body itself. */
  content?: Content;
  /** How many values its JSON may have; absent: the default. */
  maxValues?: number;
}

/** The body without its content codings, or why there is none. */
export type Content =
  | { bytes: Uint8Array }
  /** `tooLong`: there is one, and it is longer than what is read. */
  | { undecodable: string; tooLong?: true };

/** A request that passed its channel's checks. Only `verify` makes one; what reads payloads takes no other. */
export type VerifiedRequest = RawRequest & {
  /** The checks that passed, such as `hmac+token`; `none` when the configuration switched checks off. */
  readonly verified: string;
};
