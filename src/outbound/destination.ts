import type { SecureContext } from "node:tls";
import type { BreakerRule } from "../domain/breaker.ts";
import type { Subscriber } from "../domain/destination.ts";
import type { Schedule } from "../domain/retry.ts";
import type { FormatName } from "./format.ts";
import type { Network } from "./guard.ts";
import type { BodySignature, Secret } from "./sign.ts";
import type { OAuth2 } from "./token-request.ts";

/** An internal system that events are forwarded to, with the settings for sending. */
export interface Destination extends Subscriber {
  /** http or https; a user and password in it become basic authorization. */
  url: string;
  /** Sent with every post, names in lower case; may hold credentials. Contains no header that we set. */
  headers: Readonly<Record<string, string>>;
  /** Certificate authorities to trust and a client certificate; null: Node's defaults. */
  tls: SecureContext | null;
  /** Which addresses may be connected to. */
  network: Network;
  /** URL of the HTTP proxy to connect through, perhaps with a user and password; null: none. */
  proxy: string | null;
  /** Access tokens for it, sent as `Authorization: Bearer …`; null: none. */
  oauth2: OAuth2 | null;
  format: FormatName;
  /** Replaces the format's own content type; null: it does not. */
  contentType: string | null;
  /**
   * Newest first; none for the formats of alerts. For the format `lumin` the first is a shared secret, not a
   * private key.
   */
  secrets: readonly Secret[];
  /** A further signature, such as the receiver checked before; null: none. */
  alsoSign: BodySignature | null;
  schedule: Schedule;
  /** Statuses of a final rejection: the delivery is parked at once, and the next of its lane goes. */
  parkOn: readonly number[];
  /** Limit on an attempt, from its start to the last byte that is read of the answer; milliseconds. */
  timeout: number;
  /** Attempts that may run side by side. */
  concurrency: number;
  /** Attempts per second, at most; null: no limit. */
  rate: number | null;
  breaker: BreakerRule;
  /** How long a delivery may wait before that needs a person, milliseconds; absent: no limit. */
  waitingLimit?: number | undefined;
  /** The configuration pauses the destination. */
  paused: boolean;
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
  /** E-mail addresses for the format `email-webhook`; absent: none. */
  recipients?: readonly string[] | undefined;
}
