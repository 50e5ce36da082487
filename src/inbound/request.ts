import type { Fingerprints } from "../domain/receipt.ts";
import type { Form } from "./form.ts";
import type { Steps } from "./steps.ts";

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
  /**
   * Fingerprints of the credentials of a stored rejection, since the credentials themselves are not stored.
   */
  shown?: Fingerprints;
}

/** A request that came whole. */
export interface RawRequest extends RequestHead {
  /** The bytes that came, nothing more and nothing less. */
  body: Uint8Array;
  /** The decompressed body; absent: the body has no content coding. */
  content?: Content;
  /** How many values its JSON may have; absent: the default. */
  maxValues?: number;
}

/** The body without its content codings, or why there is none. */
export type Content =
  | { bytes: Uint8Array }
  /** `tooLong`: it is longer than what is read. */
  | { undecodable: string; tooLong?: true };

/**
 * A request whose places can be read (at-place.ts). Form and payload are decoded when first asked for, and
 * once: challenge, verify, decode and the answer share them. `openRequest` makes one.
 */
export interface OpenedRequest extends RawRequest {
  form(): Steps<RequestForm>;
  payload(): Steps<Payload>;
  /** By place, what is wrong with the bytes of the texts decoded so far. */
  readonly complaints: Map<string, string>;
}

/** A form with the charset of those fields that name none of their own; null: UTF-8. */
export type RequestForm = Form & { charset: string | null };

/** The payload's value, or a sentence that says why there is none. */
export type Payload = { value: unknown } | { absent: string; isEmpty: boolean };

declare const verified: unique symbol;

/**
 * A request that passed its channel's checks. Only verify.ts makes one: by `verify`, by `asVerifiedBefore`
 * for stored receipts, and by `withoutChecks` for dry runs. `decode`, `normalize` and `interpret` take no
 * other.
 */
export interface VerifiedRequest extends OpenedRequest {
  /** The checks that passed, such as `hmac+token`; `none` when the configuration switched checks off. */
  readonly verified: string;
  /**
   * Where a check has several secrets: whether the request matches only one that is not the newest. Null:
   * there is one.
   */
  readonly byOlderSecret: boolean | null;
  readonly [verified]: true;
}
