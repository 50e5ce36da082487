import type { Fingerprints } from "../domain/receipt.ts";

/** A request on its way in, before anybody looked into it. */
export interface RawRequest {
  source: string;
  channel: string;
  query: URLSearchParams;
  /** The path segment after the channel; null when there is none. */
  pathToken: string | null;
  /** Names in lower case; repeated ones joined by ", ". */
  headers: Readonly<Record<string, string>>;
  /** The bytes that came, nothing more and nothing less. */
  body: Uint8Array;
  /** Milliseconds since 1970. */
  receivedAt: number;
  /** Instead of credentials that are no longer there, when a refused request is looked at again. */
  shown?: Fingerprints;
}

/** A request that passed its channel's checks. Only `verify` makes one; what reads payloads takes no other. */
export type VerifiedRequest = RawRequest & {
  /** The checks that passed, such as `hmac+token`; `none` when the configuration switched checks off. */
  readonly verified: string;
};
