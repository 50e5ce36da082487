import type { SecureContext } from "node:tls";
import type { BreakerRule } from "../domain/breaker.ts";
import type { Subscriber } from "../domain/destination.ts";
import type { Schedule } from "../domain/retry.ts";
import type { FormatName } from "./format.ts";
import type { Network } from "./guard.ts";
import type { BodySignature, Secret } from "./sign.ts";

/** An internal system that events are forwarded to, with all that sending needs. */
export interface Destination extends Subscriber {
  /** http or https; a user and password in it become basic authorization. */
  url: string;
  /** Sent with every post, names in lower case; they may hold credentials. None of those that we set ourselves. */
  headers: Readonly<Record<string, string>>;
  /** Whom to trust and how to show who we are; null: as everybody does. */
  tls: SecureContext | null;
  /** Which addresses may be connected to. */
  network: Network;
  /** The URL of the HTTP proxy that it is reached through, perhaps with a user and password; null: none. */
  proxy: string | null;
  format: FormatName;
  /** Sent instead of the format's own; null: that. */
  contentType: string | null;
  /** At least one, newest first. For the format `lumin` the first is a shared secret, not a private key. */
  secrets: readonly Secret[];
  /** A signature as the receiver checked it before; null: none. */
  alsoSign: BodySignature | null;
  schedule: Schedule;
  /** Statuses that say that this event will never be taken, so that it is parked at once and the next of its document goes. */
  parkOn: readonly number[];
  /** The one limit on a try, from its first moment to the last byte of the answer that is read; milliseconds. */
  timeout: number;
  /** How many tries may run side by side. */
  concurrency: number;
  /** Tries a second, at most; null: no limit. */
  rate: number | null;
  breaker: BreakerRule;
  /** The configuration says that nothing is to be sent for now. */
  paused: boolean;
  /** Put before our event types, such as `esign.`. */
  typePrefix: string;
}
